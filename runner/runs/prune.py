"""`regen prune`: remove runs that ended long ago. Never an unfinished one, never one that a process holds.

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
from runner.runs.folder import RETRIES, RunFolder, all_runs
from runner.runs.lock import LOCKS
from runner.runs.run_json import RunDocument
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


def prune(runs: Path, keep: str, *, dry_run: bool, now: datetime | None = None) -> ExitCode:
    """Remove every run that ended longer ago than `keep`, and say which."""
    before = (now or datetime.now(UTC)) - age(keep)
    if not dry_run:
        _bury(runs)
    for found in judged(runs, before):
        if found.why is not None:
            say(f"kept: {found.folder.id}: {found.why}")
        elif dry_run:
            say(f"would be removed: {found.folder.id}")
        else:
            say(_removed(found.folder))
    return ExitCode.SUCCEEDED


def judged(runs: Path, before: datetime) -> Iterator[Pruned]:
    """The runs that ended before then, and what keeps them."""
    for folder in all_runs(runs):
        document = folder.document()
        if document is None:
            yield Pruned(folder, "its run.json cannot be read")
        elif (ended := _ended(document)) is None or ended < before:
            yield Pruned(folder, _why(folder))


def _ended(document: RunDocument) -> datetime | None:
    """When a run was last touched; None if it does not say."""
    times = [time for time in (document.ended_at, document.started_at, document.planned_at) if time]
    try:
        return max(map(datetime.fromisoformat, times), default=None)
    except (ValueError, TypeError):
        return None


def _why(folder: RunFolder) -> str | None:
    """Why a run must stay, as its ledger tells; None if it need not."""
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


def _removed(folder: RunFolder) -> str:
    """Remove one run; what to say of it."""
    dying = folder.path.with_name(DYING + folder.id)
    try:
        with folder.lock():
            if (why := _why(folder)) is not None:  # it may have been taken up meanwhile
                return f"kept: {folder.id}: {why}"
            folder.path.rename(dying)
    except RunHeld as error:
        return f"kept: {folder.id}: {error}"
    shutil.rmtree(dying)
    for path in (folder.path.parent / RETRIES).glob(f"{folder.id}-step*.csv"):
        path.unlink(missing_ok=True)
    (folder.path.parent / LOCKS / f"{folder.id}.lock").unlink(missing_ok=True)
    return f"removed: {folder.id}"


def _bury(runs: Path) -> None:
    """Finish what an earlier prune was killed at."""
    if runs.is_dir():
        for path in runs.glob(f"{DYING}*"):
            if not path.is_symlink():
                shutil.rmtree(path)
