"""A copy of a ledger while its run goes on: SQLite's online backup, which sees one moment of it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from runner.ledger.database import open_read_only
from runner.ledger.sqlite_errors import translated


def copy_ledger(source: Path, target: Path) -> None:
    """Copy the ledger as it is now into one plain file that does not exist yet. Raises LedgerError.

    In WAL mode neither side waits for the other; the run goes on meanwhile.
    """
    target.touch(mode=0o600, exist_ok=False)
    with (
        open_read_only(source) as store,
        translated(target),
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        store.connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
