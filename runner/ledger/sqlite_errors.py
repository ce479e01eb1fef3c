"""SQLite's errors as the program's own, each with what a person can do; and the version that is needed."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from runner.domain.errors import LedgerError, LedgerFull, LedgerUnusable, Refused

OLDEST = (3, 37, 0)  # STRICT tables

# What file systems without locks or shared memory (network disks, some container volumes) make of SQLite.
_UNSUPPORTED = (
    "SQLITE_PROTOCOL",
    "SQLITE_IOERR_LOCK",
    "SQLITE_IOERR_RDLOCK",
    "SQLITE_IOERR_UNLOCK",
    "SQLITE_IOERR_CHECKRESERVEDLOCK",
    "SQLITE_IOERR_SHMOPEN",
    "SQLITE_IOERR_SHMSIZE",
    "SQLITE_IOERR_SHMLOCK",
    "SQLITE_IOERR_SHMMAP",
)


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise SQLite's errors as `LedgerError`s that name the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, path) from error


def translate(error: sqlite3.Error, path: Path) -> LedgerError:
    """An error of SQLite in words for the person who must act."""
    text, name = str(error), getattr(error, "sqlite_errorname", None) or ""
    if name in _UNSUPPORTED or "locking protocol" in text:
        return LedgerUnusable(f"{path}: {text}; {unsupported(path.parent)}")
    if "disk is full" in text or "disk I/O error" in text:
        return LedgerFull(
            f"{path}: {text}; what was answered before is safe: make room, then `regen resume {path.parent.name}`"
        )
    if isinstance(error, sqlite3.OperationalError) and ("readonly" in text or "unable to open" in text):
        return LedgerUnusable(f"{path}: {text}; make the run folder writable for this user, then resume")
    if isinstance(error, sqlite3.OperationalError) and "locked" in text:
        return LedgerUnusable(
            f"{path}: {text}; another program writes to the ledger: close it, then resume. If there is none, "
            f"{unsupported(path.parent)}"
        )
    if isinstance(error, sqlite3.DatabaseError) and ("malformed" in text or "not a database" in text):
        return LedgerUnusable(
            f"{path}: {text}; the ledger is damaged: restore the run folder from a copy. Do not start the same "
            "manifest again before you have checked the tenant: part of it was sent"
        )
    return LedgerError(f"{path}: {text}")


def unsupported(folder: Path) -> str:
    """What to do about a file system that cannot hold a ledger that is written to."""
    return (
        f"the file system of {folder} lacks the locks or shared memory that SQLite's write-ahead log needs, as network "
        "disks do: use a --runs-dir on a local disk (`regen doctor` checks one); a run that has begun is copied there "
        "and resumed with --moved"
    )


def require_version() -> None:
    """Raises Refused if the SQLite that this Python was built with is too old."""
    if sqlite3.sqlite_version_info < OLDEST:
        needed = ".".join(map(str, OLDEST[:2]))
        raise Refused(
            f"this Python uses SQLite {sqlite3.sqlite_version}, and the ledger needs {needed} or later: use a newer "
            "Python (python.org, conda and the official container images have one), or upgrade the system's libsqlite3"
        )


def try_folder(folder: Path) -> str | None:
    """Why a ledger cannot be written in a folder, tried with a file of its own; None if it can."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix=".regen-doctor-", dir=folder) as trial:
        path = Path(trial) / "ledger.db"
        try:
            with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=1)) as connection:
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
                if mode != "wal":
                    return f"SQLite's write-ahead log cannot be used; {unsupported(folder)}"
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("CREATE TABLE trial (number INTEGER)")
                connection.execute("INSERT INTO trial VALUES (1)")
        except sqlite3.Error as error:
            return f"{error}; {unsupported(folder)}"
    return None
