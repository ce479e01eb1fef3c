"""Enrolling a plan: manifest rows and requests, in one pass, in bounded memory.

The ledger is built under the name of a draft and renamed when it is whole, so that a crash leaves either no
ledger or all of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from runner.ledger.checkpoint import ENROLLED, record
from runner.ledger.database import Store, create, write_facts
from runner.ledger.facts import Facts, encoded
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


class NewRequest(NamedTuple):
    """One request to enrol, its fields named as the table's columns: what `domain.Request` is made from later."""

    request: int
    step: int
    operation: str
    query: str
    body: str | None
    digest: bytes
    lane: int


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

DUPLICATES = """
CREATE TEMP TABLE repeated AS
SELECT request, first FROM (
    SELECT request, min(request) OVER (PARTITION BY digest) AS first FROM request
) WHERE request <> first;

UPDATE line SET request = repeated.first FROM repeated WHERE repeated.request = line.line;
DELETE FROM request WHERE request IN (SELECT request FROM repeated);
"""

LANES = """
CREATE TEMP TABLE shared AS
SELECT request, following, position FROM (
    SELECT request, lead(request) OVER lane AS following, row_number() OVER lane AS position
    FROM request WINDOW lane AS (PARTITION BY step, lane ORDER BY request)
) WHERE following IS NOT NULL OR position > 1;

UPDATE request SET following = shared.following, head = (shared.position = 1)
FROM shared WHERE shared.request = request.request;
"""


def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


class Enrolment:
    """Builds a run's ledger. Use as a context manager; without `finish` nothing is left behind."""

    def __init__(self, ledger: Path) -> None:
        self._target = ledger
        self._draft = draft_of(ledger)
        for leftover in (ledger.with_name(f"{ledger.name}.new"), *ledger.parent.glob(f".{ledger.name}.*.new")):
            leftover.unlink(missing_ok=True)  # the caller holds the run: nobody writes it
        self._store: Store = create(self._draft)
        self._store.connection.execute("BEGIN")

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

    def lines(self, lines: Iterable[Line]) -> None:
        """Enrol manifest rows."""
        self._many(_insert("line", Line._fields), lines)

    def requests(self, requests: Iterable[NewRequest]) -> None:
        """Enrol requests; what repeats an earlier one is sorted out by `finish`."""
        self._many(_insert("request", NewRequest._fields), requests)

    def parts(self, parts: Iterable[Part]) -> None:
        """Enrol the parts that requests upload."""
        self._many(_insert("part", Part._fields), parts)

    def finish(self, facts: Facts) -> None:
        """Find duplicates and lanes, make the ledger durable and give it its name."""
        with translated(self._draft):
            self._store.connection.execute("COMMIT")
            self._store.connection.executescript(f"BEGIN; {DUPLICATES} {LANES} COMMIT;")
            complete = replace(facts, enrolled=record(self._store, ENROLLED))
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

    def _many(self, sql: str, values: Iterable[Any]) -> None:
        with translated(self._draft):
            self._store.connection.executemany(sql, values)
