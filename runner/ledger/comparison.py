"""The fates of the objects of two runs, side by side: their ledgers opened together, read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from runner.ledger.database import open_read_only
from runner.ledger.sqlite_errors import translated

FATES = """
CREATE TEMP TABLE {side} AS
SELECT coalesce(l.type, l.operation, '?') || ' ' || coalesce(l.object, 'row ' || l.row || ' of ' || m.path) AS name,
       CASE max(CASE f.state WHEN 'rejected' THEN 5 WHEN 'failed' THEN 4 WHEN 'unknown' THEN 3 WHEN 'pending' THEN 2
                ELSE 1 END)
            WHEN 5 THEN 'rejected' WHEN 4 THEN 'failed' WHEN 3 THEN 'unknown' WHEN 2 THEN 'pending'
            ELSE 'succeeded' END AS state,
       min(l.line) AS line,
       group_concat(CASE WHEN f.state = 'succeeded' THEN o.ids END, ' ') AS ids,
       max(coalesce(l.problem,
                    CASE WHEN f.state <> 'succeeded' THEN coalesce(o.code || ' ', '') || f.message END)) AS message,
       max(r.query) AS query
FROM run.line l
JOIN run.fate f ON f.line = l.line
JOIN run.manifest m ON m.manifest = l.manifest
LEFT JOIN run.outcome o ON o.seq = f.seq
LEFT JOIN run.request r ON r.request = l.request
WHERE f.state <> 'duplicate'
GROUP BY name;
CREATE UNIQUE INDEX temp.{side}_name ON {side} (name);
"""

CHANGES = """
SELECT a.name, b.state, a.state, b.line, a.line, b.ids, a.ids, b.message, a.message, b.query, a.query
FROM after a LEFT JOIN before b ON b.name = a.name ORDER BY a.line
"""

GONE = """
SELECT name, state, NULL, line, NULL, ids, NULL, message, NULL, query, NULL FROM before b
WHERE NOT EXISTS (SELECT 1 FROM after a WHERE a.name = b.name) ORDER BY line
"""


class Change(NamedTuple):
    """An object in two runs: its fate, row, ids and message in each; None in the one that does not have it."""

    name: str
    before: str | None
    after: str | None
    row_before: int | None
    row_after: int | None
    ids_before: str | None
    ids_after: str | None
    message_before: str | None
    message_after: str | None
    query_before: str | None = None  # of its request: the flags
    query_after: str | None = None


class Fates:
    """The fates of runs, loaded one after the other. A context manager."""

    def __init__(self) -> None:
        self._base = sqlite3.connect(":memory:", uri=True, isolation_level=None)
        self._base.execute("PRAGMA temp_store = FILE")

    def load(self, side: str, ledger: Path) -> None:
        """Load a run as `before` or `after`. Raises LedgerUnusable if it is no ledger."""
        open_read_only(ledger).close()
        with translated(ledger):
            self._base.execute("ATTACH ? AS run", (f"{ledger.absolute().as_uri()}?mode=ro",))
            try:
                for statement in FATES.format(side=side).split(";\n"):
                    self._base.execute(statement)
            finally:
                self._base.execute("DETACH run")

    def changes(self) -> Iterator[Change]:
        """Every object of either run: those of the later one in its order, then those that it does not have."""
        for sql in (CHANGES, GONE):
            yield from map(Change._make, self._base.execute(sql))

    def states(self, side: str, names: Iterable[str]) -> dict[str, str]:
        """The states of some objects, of those that the run has."""
        sql = f"SELECT name, state FROM {side} WHERE name = ?"
        rows = (self._base.execute(sql, (name,)).fetchone() for name in names)
        return dict(pair for pair in rows if pair is not None)

    def close(self) -> None:
        """Let go of everything."""
        self._base.close()

    def __enter__(self) -> Fates:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
