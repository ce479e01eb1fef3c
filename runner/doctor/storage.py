"""What a run stands on here: the runs folder, its disk, the space on it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from manifests import ManifestError, open_manifest
from runner.doctor.finding import Finding, Level, fail, ok, warn
from runner.domain.errors import Refused
from runner.ledger.sqlite_errors import require_version, try_folder
from runner.runs.lock import lock_problem
from runner.system.atomic_file import sync_folder
from runner.system.counting import counted
from runner.system.filesystem import VOLATILE, is_doubtful, is_network, kind_of_disk

ASSUMED_ROWS = 100_000
BYTES_A_ROW = 2_500  # ledger, its log, the results beside the old ones: measured 1.2 kB at rest, and room to write
CELL_COPIES = 8  # a manifest's own cells: in the ledger, its log, both results, both drafts, compressed or not
LOCAL = "put --runs-dir on a disk of this machine"


def ground(runs: Path, manifests: Sequence[str] = (), rows: int | None = None) -> Iterator[Finding]:
    """The folder, the disk under it, and whether there is room for these manifests, or for so many rows."""
    existing = _nearest(runs)
    yield from _sqlite()
    folder = _folder(runs, existing)
    yield folder
    tried = list(_tried(existing)) if folder.level is Level.OK else []
    yield from tried
    yield _disk(existing, works=folder.level is Level.OK and not tried)
    yield from _space(runs, existing, manifests, rows)


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above that is there."""
    folder = folder.absolute()
    return next((parent for parent in (folder, *folder.parents) if parent.exists()), folder)


def _sqlite() -> Iterator[Finding]:
    try:
        require_version()
    except Refused as error:
        yield fail("sqlite", str(error), "use another Python; nothing else of this machine need change")


def _folder(runs: Path, existing: Path) -> Finding:
    remedy = "choose another --runs-dir, or make it writable for this user"
    if not existing.is_dir():
        return fail("runs-folder", f"{existing} is not a folder", remedy)
    try:
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".regen-doctor-") as file:
            file.write(b"written")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return fail("runs-folder", f"{existing}: {error.strerror}", remedy)
    return ok("runs-folder", f"{runs} is writable" if existing == runs.absolute() else f"{runs} can be made")


def _tried(folder: Path) -> Iterator[Finding]:
    """What a run asks of the file system, tried in the folder itself: its name promises nothing."""
    if (problem := lock_problem(folder)) is not None:
        yield fail("locks", f"{folder}: {problem}; two runs could send to one tenant at once", LOCAL)
    if (problem := try_folder(folder)) is not None:
        yield fail("ledger", f"{folder}: {problem}", LOCAL)
    try:
        durable = sync_folder(folder)
    except OSError as error:
        yield fail("fsync", f"{folder}: its entries cannot be synced to disk ({error.strerror})", LOCAL)
        return
    if not durable and os.name == "posix":
        message = f"{folder}: this file system cannot sync a folder; a power failure may undo the renaming of a file"
        yield warn("fsync", message, "a run survives it; put --runs-dir on a local disk to be safe from it")


def _disk(folder: Path, *, works: bool) -> Finding:
    kind = kind_of_disk(folder)
    if kind is None and works:
        return ok("disk", "locks, the write-ahead log and syncing were tried and work")
    if kind is None:
        message = f"this system does not name the kind of disk that {folder} is on"
        return warn("disk", message, "make sure that it is one of this machine's own: SQLite needs that")
    if is_network(kind):
        message = f"{folder} is on a network disk ({kind}), where a ledger can be damaged"
        return fail("disk", message, "put --runs-dir on a disk of this machine; copy finished runs to the network")
    if is_doubtful(kind):
        message = f"{folder} is on {kind}, whose locks and durability are not known to hold"
        return warn("disk", message, "put --runs-dir on a disk of this machine")
    if kind in VOLATILE:
        message = f"{folder} is on {kind}: after a restart of the machine nothing is known of what was sent"
        return warn("disk", message, "put --runs-dir on a disk that lasts")
    return ok("disk", f"a disk of this machine ({kind})")


def _space(runs: Path, folder: Path, manifests: Sequence[str], rows: int | None) -> Iterator[Finding]:
    total, characters = rows or 0, 0
    try:
        for path in manifests:
            more, wide = _counted(path)
            total, characters = total + more, characters + wide
    except ManifestError as error:
        yield fail("manifests", str(error), "fix the file; `regen plan` lists every problem of every row")
        return
    if manifests:
        yield ok("manifests", f"{counted(total, 'row')} can be read; `regen plan` checks each")
    expected_rows = total or ASSUMED_ROWS
    need = expected_rows * BYTES_A_ROW + characters * CELL_COPIES
    free = shutil.disk_usage(folder).free
    message = f"{_size(free)} free; a run of {counted(expected_rows, 'row')} takes up to {_size(need)}"
    remedy = "make room, `regen prune` old runs, or choose another --runs-dir"
    if free < need:
        yield fail("space", message, remedy)
    elif free < 2 * need:
        yield warn("space", message, remedy)
    else:
        yield ok("space", message)


def _counted(path: str) -> tuple[int, int]:
    """A manifest's rows and the characters in them. Raises ManifestError."""
    rows = characters = 0
    with open_manifest(path) as source:
        for batch in source.batches():
            rows += len(batch.frame)
            characters += sum(len(cell) for name in batch.frame for cell in batch.frame[name] if cell)
    return rows, characters


def _size(size: float) -> str:
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 1000:
            return f"{size:,.1f} {unit}"
    return f"{size / 1000:,.1f} TB"
