"""`regen prune`: remove or pack runs that ended long ago. Never an unfinished one, never one that a process holds.

A run is first renamed, then removed, so that half of one never looks like a whole one.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runner.domain.errors import ExitCode, LedgerError, Refused, RunHeld
from runner.domain.run_status import RunStatus
from runner.ledger import open_read_only, queries
from runner.runs.archive import pack
from runner.runs.brief import RunBrief
from runner.runs.folder import RETRIES, RunFolder
from runner.runs.known_runs import briefs
from runner.runs.lock import LOCKS
from runner.system.console import say

DYING = ".pruned-"
UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Pruned:
    """A run, and why it stays; None if it goes."""

    folder: RunFolder
    why: str | None


def age(text: str) -> timedelta:
    """`90d` as a time. Raises Refused."""
    match = re.fullmatch(r"(\d{1,5})([hdw])", text.strip())
    if match is None:
        raise Refused(f"--keep {text}: expected a number of hours, days or weeks, such as 90d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def prune(
    runs: Path, keep: str, *, dry_run: bool, archive: Path | None = None, now: datetime | None = None
) -> ExitCode:
    """Remove every run that ended longer ago than `keep`, or move it into an archive, and say which."""
    before = (now or datetime.now(UTC)) - age(keep)
    verb = "removed" if archive is None else f"packed into {archive}"
    if not dry_run:
        _finish_earlier(runs)
    for judgement in judged(runs, before):
        if judgement.why is not None:
            say(f"kept: {judgement.folder.id}: {judgement.why}")
        elif dry_run:
            say(f"would be {verb}: {judgement.folder.id}")
        else:
            say(_removed(judgement.folder, archive))
    return ExitCode.SUCCEEDED


def judged(runs: Path, before: datetime) -> Iterator[Pruned]:
    """The runs that ended before then, and what keeps them."""
    for name, brief in briefs(runs):
        folder = RunFolder(runs / name)
        if brief is None:
            yield Pruned(folder, "its run.json cannot be read")
        elif (ended := _ended(brief)) is None or ended < before:
            yield Pruned(folder, _why(folder))


def _ended(run: RunBrief) -> datetime | None:
    """When a run was last touched; None if it does not say."""
    times = [time for time in (run.ended_at, run.started_at, run.planned_at) if time]
    try:
        return max(map(datetime.fromisoformat, times), default=None)
    except (ValueError, TypeError):
        return None


def _why(folder: RunFolder) -> str | None:
    """Why a run must stay, according to its ledger; None if it need not."""
    if folder.path.is_symlink():
        return "it is a symbolic link"
    try:
        with open_read_only(folder.ledger) as store:
            status, pending = store.facts().status, queries.pending(store)
            begun = queries.begun(store)
    except LedgerError as error:
        return str(error)
    if status.resumable and (pending or status is RunStatus.RUNNING):
        return f"unfinished ({status}, {pending:,} requests pending): resume or abandon it"
    if status is RunStatus.PLANNED and begun:
        return "unfinished: it has sent something"
    return None


def _removed(folder: RunFolder, archive: Path | None) -> str:
    """Pack one run if that is wanted, then remove it; returns the line to print."""
    dying = folder.path.with_name(DYING + folder.id)
    packed = None
    try:
        with folder.lock():
            if (why := _why(folder)) is not None:  # it may have been resumed meanwhile
                return f"kept: {folder.id}: {why}"
            packed = None if archive is None else pack(folder, folder.path, archive)
            folder.path.rename(dying)
    except (RunHeld, Refused) as error:
        return f"kept: {folder.id}: {error}"
    except OSError as error:
        return f"kept: {folder.id}: {error.filename or archive or folder.path}: {error.strerror or error}"
    _remove(dying)
    return f"removed: {folder.id}" if packed is None else f"packed into {packed}: {folder.id}"


def _finish_earlier(runs: Path) -> None:
    """Finish what an earlier prune was killed at: what it renamed was to go, and is packed if it was to be packed."""
    if runs.is_dir():
        for path in runs.glob(f"{DYING}*"):
            if not path.is_symlink():
                _remove(path)


def _remove(dying: Path) -> None:
    """Remove a run folder that was renamed, and what belongs to it elsewhere."""
    runs, run = dying.parent, dying.name.removeprefix(DYING)
    shutil.rmtree(dying)
    for path in (runs / RETRIES).glob(f"{run}-step*.csv"):
        path.unlink(missing_ok=True)
    (runs / LOCKS / f"{run}.lock").unlink(missing_ok=True)
