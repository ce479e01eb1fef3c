"""Enrolling a plan: manifest rows and requests, in one pass, in bounded memory.

The ledger is built under the name of a draft and renamed when it is whole, so that a crash leaves either no
ledger or all of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from runner.ledger.block_digests import BlockDigests
from runner.ledger.checkpoint import ENROLLED, record
from runner.ledger.database import Store, create, write_facts
from runner.ledger.facts import Facts, encoded
from runner.ledger.shared_keys import SharedKeys
from runner.ledger.sqlite_errors import translated
from runner.system.atomic_file import draft_of, naming, sync_folder
from runner.system.recovery_points import reach


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest of the run."""

    number: int
    step: int
    path: str
    sha256: str
    bytes: int
    columns: tuple[str, ...]
    rows: int = 0  # known once they are all read
    sheet: str | None = None  # of a workbook


class Line(NamedTuple):
    """One manifest row, its fields named as the table's columns. An accepted row asks for its own request."""

    line: int
    manifest: int
    row: int
    cells: str
    operation: str | None
    type: str | None
    object: str | None
    request: int | None
    problem: str | None
    in_part: int = 0  # 1: the row of a backfill part, whose request is that of its first row


class RequestRecord(NamedTuple):
    """One record of the table `request`, its fields named as the table's columns and of the types that SQLite takes.

    This is not the `Request` of `domain.model`, which dispatch reads from the ledger later: that is a value with the
    body as bytes and the digest in hex, and without `head`, which only SQL needs. Planning makes one of these for every
    row of a manifest: by way of a `Request`, body and digest would be converted there and back (0.35 µs, not 0.2).
    """

    request: int
    step: int
    operation: str
    query: str
    body: str | None
    digest: bytes
    lane: int
    head: int = 1  # 1: first of its lane, as far as is known yet
    following: int | None = None  # the next of its lane


@dataclass(frozen=True, slots=True)
class AlikeRows:
    """Rows of one type, each of which asks for a request of its own; of what differs, a value a row."""

    manifest: int
    step: int
    operation: str
    type: str
    query: str
    numbers: Sequence[int]
    rows: Sequence[int]
    cells: Sequence[str]
    objects: Sequence[str | None]
    bodies: Sequence[str]
    digests: Sequence[bytes]
    lanes: Sequence[int]

    def lines(self) -> list[tuple[Any, ...]]:
        """Each row with the fields of `Line`."""
        described = self.rows, self.cells, repeat(self.operation), repeat(self.type), self.objects
        return list(zip(self.numbers, repeat(self.manifest), *described, self.numbers, repeat(None), repeat(0)))

    def requests(self) -> list[tuple[Any, ...]]:
        """The request of each row with the fields of `RequestRecord`."""
        step, operation, query = repeat(self.step), repeat(self.operation), repeat(self.query)
        own = self.bodies, self.digests, self.lanes
        return list(zip(self.numbers, step, operation, query, *own, repeat(1), repeat(None)))


class Part(NamedTuple):
    """A request that uploads rows as a file, its fields named as the table's columns."""

    part: int
    manifest: int
    file: str
    rows: int
    bytes: int
    sha256: str
    id_column: int
    zipped: int


MANIFEST = """
INSERT INTO manifest (manifest, step, path, sha256, bytes, rows, columns)
VALUES (:number, :step, :path, :sha256, :bytes, :rows, :columns)
"""

ROWS = 50  # that one statement inserts

# What is alike is bound once a statement, and what differs as often as there are rows: binding is most of an insert.
# Numbered placeholders are names since Python 3.12, and names take a mapping, which costs three times as much.
_ALIKE_LINES = """
INSERT INTO line (line, manifest, row, cells, operation, type, object, request)
WITH alike (manifest, operation, type) AS (SELECT ?, ?, ?), own (line, row, cells, object) AS (VALUES {})
SELECT line, manifest, row, cells, operation, type, object, line FROM alike CROSS JOIN own
"""
_ALIKE_REQUESTS = """
INSERT INTO request (request, step, operation, query, body, digest, lane)
WITH alike (step, operation, query) AS (SELECT ?, ?, ?), own (request, body, digest, lane) AS (VALUES {})
SELECT request, step, operation, query, body, digest, lane FROM alike CROSS JOIN own
"""
_OWN = "(?, ?, ?, ?)"  # of a row, in both


def _insert(table: str, columns: tuple[str, ...], rows: int = 1) -> str:
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * rows)}"


class Enrolment:
    """Builds a run's ledger. Use as a context manager; without `finish` nothing is left behind."""

    def __init__(self, ledger: Path) -> None:
        self._target = ledger
        self._draft = draft_of(ledger)
        for leftover in (ledger.with_name(f"{ledger.name}.new"), *ledger.parent.glob(f".{ledger.name}.*.new")):
            leftover.unlink(missing_ok=True)  # the caller holds the run: nobody writes it
        self._store: Store = create(self._draft)
        self._store.connection.execute("BEGIN")
        self._keys = SharedKeys()
        self._digests = {"line": BlockDigests(), "request": BlockDigests()}

    def __enter__(self) -> Enrolment:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()
        self._draft.unlink(missing_ok=True)

    def step(self, number: int, does: str, options: dict[str, Any]) -> None:
        """Enrol a step."""
        self._many("INSERT INTO step (step, does, options) VALUES (?, ?, ?)", [(number, does, json.dumps(options))])

    def manifest(self, manifest: Manifest, rows: int) -> None:
        """Enrol a manifest, once its rows are counted."""
        values = {name: getattr(manifest, name) for name in ("number", "step", "path", "sha256", "bytes")}
        values |= {"rows": rows, "columns": json.dumps(manifest.columns, ensure_ascii=False)}
        self._many(MANIFEST, [values])

    def lines(self, lines: Sequence[Line]) -> None:
        """Enrol manifest rows, in the order of their numbers."""
        self._digests["line"].add(lines)
        self._rows("line", Line._fields, lines)

    def requests(self, requests: Sequence[RequestRecord]) -> None:
        """Enrol requests of one step, in the order of their numbers; `finish` sorts out what repeats an earlier one."""
        if not requests:
            return
        numbers, (step, *_), _, _, _, digests, lanes, _, _ = zip(*requests, strict=True)
        self._keys.add(step, numbers, digests, lanes)
        self._digests["request"].add(requests)
        self._rows("request", RequestRecord._fields, requests)

    def alike(self, rows: AlikeRows) -> None:
        """Enrol rows of one type and their requests, in the order of their numbers."""
        self._keys.add(rows.step, rows.numbers, rows.digests, rows.lanes)
        self._digests["line"].add(rows.lines())
        self._digests["request"].add(rows.requests())
        line = (rows.manifest, rows.operation, rows.type), (rows.numbers, rows.rows, rows.cells, rows.objects)
        request = (rows.step, rows.operation, rows.query), (rows.numbers, rows.bodies, rows.digests, rows.lanes)
        with translated(self._draft):
            self._columns(_ALIKE_LINES, *line)
            self._columns(_ALIKE_REQUESTS, *request)

    def _columns(self, insert: str, alike: Sequence[Any], columns: Sequence[Sequence[Any]]) -> None:
        """Insert rows, many in one statement, from what is alike and a column of each of the other values."""
        width, count = len(columns), len(columns[0])
        for begin in range(0, count, ROWS):
            some = [column[begin : begin + ROWS] for column in columns]
            statement = insert.format(", ".join([_OWN] * len(some[0])))
            values: list[Any] = [None] * (width * len(some[0]))
            for at, column in enumerate(some):
                values[at::width] = column
            self._store.connection.execute(statement, [*alike, *values])

    def parts(self, parts: Iterable[Part]) -> None:
        """Enrol the parts that requests upload."""
        self._many(_insert("part", Part._fields), parts)

    def finish(self, facts: Facts) -> None:
        """Find duplicates and lanes, make the ledger durable and give it its name."""
        with translated(self._draft):
            changed = self._keys.settle(self._store.connection)
            self._store.connection.execute("COMMIT")
            known = {
                "line": (self._digests["line"].blocks(), changed.lines),
                "request": (self._digests["request"].blocks(), changed.requests),
            }
            complete = replace(facts, enrolled=record(self._store, ENROLLED, known))
            with self._store.transaction() as connection:
                write_facts(connection, encoded(complete))
            self._store.close()
        # Windows syncs only what may be written
        with self._draft.open("r+b") as file, naming(self._target):
            os.fsync(file.fileno())
        reach("drafted")
        for leftover in ("-wal", "-shm"):
            self._target.with_name(self._target.name + leftover).unlink(missing_ok=True)
        self._draft.replace(self._target)
        sync_folder(self._target.parent)
        reach("enrolled")

    def _rows(self, table: str, columns: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows, many in one statement: that costs half of what one statement a row does."""
        whole = len(rows) - len(rows) % ROWS
        statement = _insert(table, columns, ROWS)
        with translated(self._draft):
            for begin in range(0, whole, ROWS):
                self._store.connection.execute(statement, list(chain.from_iterable(rows[begin : begin + ROWS])))
            self._store.connection.executemany(_insert(table, columns), rows[whole:])

    def _many(self, sql: str, values: Iterable[Any]) -> None:
        with translated(self._draft):
            self._store.connection.executemany(sql, values)
