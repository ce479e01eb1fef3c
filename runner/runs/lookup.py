"""The run that a person names: by its id, a unique beginning of it, the path of its folder, or `last`."""

from __future__ import annotations

import re
from pathlib import Path

from runner.domain.errors import Refused
from runner.runs.brief import RunBrief
from runner.runs.folder import DOCUMENT, LEDGER, RunFolder, folder
from runner.runs.known_runs import known_runs
from runner.runs.seal import SEAL

LAST = "last"
SHOWN_MATCHES = 5
_PART_OF_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


def find_run(runs: Path, name: str) -> RunFolder:
    """A run that has a ledger. Raises Refused if there is none, or more than one."""
    return _find(runs, name, (LEDGER,))


def find_remains(runs: Path, name: str) -> RunFolder:
    """A run, whatever is left of its folder. Raises Refused if there is nothing, or more than one."""
    return _find(runs, name, (LEDGER, DOCUMENT, SEAL))


def started(run: RunBrief) -> str:
    """When a run was started, else planned: the order in which runs are listed."""
    return str(run.started_at or run.planned_at)


def _find(runs: Path, name: str, files: tuple[str, ...]) -> RunFolder:
    path, run_id = Path(name), name.strip("/")
    if path.is_dir() and _has_any(path, files):
        return RunFolder(path.resolve())
    if _has_any(runs / (exact := folder(runs, run_id)).id, files):
        return exact
    if run_id == LAST:
        return _last(runs)
    matches = _beginning_with(runs, run_id, files)
    if len(matches) > 1:
        shown = ", ".join(run.id for run in matches[:SHOWN_MATCHES])
        more = f" and {len(matches) - SHOWN_MATCHES} more" if len(matches) > SHOWN_MATCHES else ""
        raise Refused(f"{len(matches)} runs in {runs} begin with {name!r}: {shown}{more}; write more of the id")
    if not matches:
        raise Refused(f"there is no run {name!r} in {runs}; `regen runs` lists them")
    return matches[0]


def _last(runs: Path) -> RunFolder:
    """The run that was started last; the first one that `regen runs` lists."""
    last = max(known_runs(runs), key=lambda run: started(run.brief), default=None)
    if last is None:
        raise Refused(f"there is no run in {runs} yet")
    return last.folder


def _beginning_with(runs: Path, prefix: str, files: tuple[str, ...]) -> list[RunFolder]:
    if not _PART_OF_ID.fullmatch(prefix) or not runs.is_dir():
        return []
    paths = sorted(path for path in runs.iterdir() if path.name.startswith(prefix))
    return [RunFolder(path) for path in paths if _has_any_visible(path, files)]


def _has_any(path: Path, files: tuple[str, ...]) -> bool:
    """Raises Refused for a folder that this user cannot look into."""
    try:
        return any((path / name).exists() for name in files)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}; ask its owner for permission, or run this as that user") from error


def _has_any_visible(path: Path, files: tuple[str, ...]) -> bool:
    try:
        return _has_any(path, files)
    except Refused:  # of another user: nobody meant it by a beginning of its id
        return False
