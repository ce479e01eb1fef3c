"""Opening the ledger: as new, to write, to read; and its facts.

SQLite's errors become `LedgerError`s here, once.
"""

from __future__ import annotations

import contextlib
import enum
import itertools
import os
import sqlite3
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from runner.domain.errors import LedgerUnusable
from runner.ledger import facts
from runner.ledger.facts import Facts
from runner.ledger.sqlite_errors import require_version, translate, translated, unsupported

APPLICATION_ID = 0x52474E31  # "RGN1"
VERSION = 1
OTHERS_SECONDS = 20.0  # how long a run that is over waits for others to close its ledger


class Settled(enum.Enum):
    """How far the ledger of a run that is over could be made one plain file."""

    PLAIN = "one file"
    OPEN = "the file is complete; another program has it open, so that it stays in write-ahead mode"
    READ = "another program is in the middle of reading it, so that part of it is in ledger.db-wal"


class Store:
    """An open ledger. Use from one thread at a time."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection
        self.bounds: dict[int, tuple[int, int]] = {}  # of the lines of each step, once they were asked for

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; durable once it is left (synchronous=FULL)."""
        with translated(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")
                raise
            try:
                self.connection.execute("COMMIT")
            except sqlite3.Error:
                with contextlib.suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several queries that all see the ledger as it is now, whatever another process writes meanwhile."""
        with translated(self.path):
            self.connection.execute("BEGIN")
        try:
            yield
        finally:
            with translated(self.path):
                self.connection.execute("ROLLBACK")

    def rows(self, sql: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, as they come."""
        with translated(self.path):
            # chained, since `yield from` would close the cursor itself, which fails once the ledger is closed
            yield from itertools.chain(self.connection.execute(sql, values))

    def named_rows(self, sql: str, *values: Any) -> Iterator[sqlite3.Row]:
        """The rows of a query, as they come; their values by the names of the columns."""
        with translated(self.path):
            cursor = self.connection.cursor()
            cursor.row_factory = sqlite3.Row
            yield from itertools.chain(cursor.execute(sql, values))

    def row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row of a query."""
        with translated(self.path):
            row: tuple[Any, ...] | None = self.connection.execute(sql, values).fetchone()
            return row

    def facts(self) -> Facts:
        """What the ledger records of the run as a whole. Raises LedgerUnusable if that cannot be read."""
        try:
            return facts.decoded(dict(self.rows("SELECT name, value FROM fact")))
        except msgspec.MsgspecError as error:
            raise LedgerUnusable(
                f"{self.path}: the facts of the run cannot be read ({error}); restore the run folder from a copy"
            ) from error

    def set_facts(self, **changes: Any) -> None:
        """Record facts of the run by the names of `Facts`, in one transaction."""
        with self.transaction() as connection:
            write_facts(connection, facts.encoded_changes(changes))

    def settle_down(self) -> Settled:
        """Make one plain file of it: the run is over. Waits some time for other programs to close it."""
        self.row("PRAGMA busy_timeout = 0")  # the waiting is done here
        until = time.monotonic() + OTHERS_SECONDS
        while not (complete := self._checkpoint()) or not self._leave_wal():
            if time.monotonic() > until:
                return Settled.OPEN if complete else Settled.READ
            time.sleep(0.05)
        return Settled.PLAIN

    def _checkpoint(self) -> bool:
        """Bring what is in the log into the file; False if somebody still reads the file as it was before."""
        busy = self.row("PRAGMA wal_checkpoint(TRUNCATE)")
        return busy is not None and not busy[0]

    def _leave_wal(self) -> bool:
        """False if another connection is open."""
        with translated(self.path):
            try:
                self.connection.execute("PRAGMA journal_mode = DELETE")
            except sqlite3.OperationalError as error:
                if "locked" in str(error):
                    return False
                raise
        return True

    def check(self) -> None:
        """Raises LedgerUnusable unless SQLite finds the file sound: after an unclean stop."""
        row = self.row("PRAGMA quick_check(1)")
        if row is None or row[0] != "ok":
            raise translate(sqlite3.DatabaseError(f"malformed: {row and row[0]}"), self.path)

    def close(self) -> None:
        """Close the file."""
        with translated(self.path):
            self.connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def write_facts(connection: sqlite3.Connection, rows: dict[str, str]) -> None:
    """Write facts as JSON texts, within the transaction of the caller."""
    connection.executemany("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", rows.items())


def create(path: Path) -> Store:
    """A new ledger for enrolment: not yet safe against a crash, so build it as a draft and rename it."""
    require_version()
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600))
    with translated(path):
        connection = sqlite3.connect(path, isolation_level=None)
    with closed_if_it_fails(connection), translated(path):
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -8192", "temp_store = FILE"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.executescript(resources.files("runner.ledger").joinpath("schema.sql").read_text("utf-8"))
    return Store(path, connection)


def open_writable(path: Path) -> Store:
    """The ledger of a run that goes on: WAL, every commit on disk before it counts.

    Raises LedgerUnusable if the file is missing, foreign, damaged, of a later version or not writable.
    """
    store = _open(path, "rw")
    with closed_if_it_fails(store.connection):
        with translated(path):
            (mode,) = store.connection.execute("PRAGMA journal_mode = WAL").fetchone()
            store.connection.execute("PRAGMA synchronous = FULL")
            store.connection.execute("PRAGMA cache_size = -4096")
        if mode != "wal":
            raise LedgerUnusable(f"{path}: {unsupported(path.parent)}")
    return store


def open_read_only(path: Path) -> Store:
    """The ledger to read; another process may be writing. Raises LedgerUnusable as `open_writable` does."""
    return _open(path, "ro")


def _open(path: Path, mode: str) -> Store:
    require_version()
    if not path.is_file():
        raise LedgerUnusable(f"{path}: there is no ledger; is this a run folder?")
    with translated(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=10,
            check_same_thread=False,
        )
    store = Store(path, connection)
    with closed_if_it_fails(connection):
        _refuse_foreign(store)
    return store


def _refuse_foreign(store: Store) -> None:
    """Raises LedgerUnusable unless the file is a ledger that this version can read."""
    with translated(store.path):
        (application,) = store.connection.execute("PRAGMA application_id").fetchone()
        (version,) = store.connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise LedgerUnusable(f"{store.path}: an SQLite file, but not a ledger of this program; name another run")
    if version > VERSION:
        raise LedgerUnusable(f"{store.path}: written by a later version of this program ({version}); upgrade it")


@contextlib.contextmanager
def closed_if_it_fails(connection: sqlite3.Connection) -> Iterator[None]:
    """Close the file again if what is first done with it goes wrong."""
    try:
        yield
    except BaseException:
        connection.close()
        raise
