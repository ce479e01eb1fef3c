"""Reading the ledger for people: counts, result lines, the story of one row."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from runner.ledger.assumed_sends import ASSUMED
from runner.ledger.database import Store
from runner.ledger.enrolment import Manifest

_ids = msgspec.json.Decoder(list[str]).decode

COUNTS = """
SELECT m.step, f.state, count(*) FROM fate f JOIN manifest m USING (manifest) GROUP BY 1, 2
"""

# The columns of a result line, by the names of `ResultLine`.
_LINE = {
    "line": "l.line",
    "manifest": "l.manifest",
    "row": "l.row",
    "cells": "l.cells",
    "operation": "l.operation",
    "type": "l.type",
    "object": "l.object",
    "request": "l.request",
    "problem": "l.problem",
    "step": "m.step",
    "path": "m.path",
    "state": "f.state",
    "digest": "lower(hex(r.digest))",
    "query": "r.query",
    "next_generation": "r.generation",
    "outcome": "f.outcome",
    "ids": "o.ids",
    "code": "o.code",
    "category": "f.category",
    "message": "f.message",
    "replayed": "o.replayed",
    "generation": "o.generation",
    "attempts": "o.attempts",
    "http_status": "o.http_status",
    "request_id": "o.request_id",
    "process_id": "o.process_id",
    "first_sent_at": "o.first_sent_at",
    "settled_at": "o.settled_at",
    "latency_ms": "o.latency_ms",
    "pending_attempts": """
        CASE WHEN r.state = 'pending'
             THEN (SELECT max(number) FROM attempt a WHERE a.request = r.request) END""",
    "pending_first_sent_at": """
        CASE WHEN r.state = 'pending'
             THEN (SELECT min(coalesce(sent_at, claimed_at)) FROM attempt a WHERE a.request = r.request) END""",
    "was_unknown": """
        CASE WHEN l.request IS NOT NULL
             THEN l.request IN (SELECT request FROM outcome WHERE state = 'unknown')
                  OR l.line IN (SELECT line FROM row_outcome WHERE state = 'unknown') END""",
}

LINES = f"""
SELECT {", ".join(f"{expression} AS {name}" for name, expression in _LINE.items())}
FROM line l
JOIN fate f ON f.line = l.line
JOIN manifest m ON m.manifest = l.manifest
LEFT JOIN request r ON r.request = l.request
LEFT JOIN outcome o ON o.seq = r.outcome
"""

TROUBLED = ("failed", "unknown", "rejected")  # the states of a row that needs a person
_IS_TROUBLED = f"f.state IN ({', '.join(map(repr, TROUBLED))})"

TROUBLES = f"""
SELECT l.line, f.state, f.category, o.code, coalesce(l.problem, f.message), o.http_status, m.step
FROM line l JOIN fate f ON f.line = l.line JOIN manifest m ON m.manifest = l.manifest
LEFT JOIN outcome o ON o.seq = f.seq
WHERE {_IS_TROUBLED}
ORDER BY l.line
"""

MADE = """
SELECT r.request, r.operation, l.type, l.object, o.ids
FROM request r JOIN outcome o ON o.seq = r.outcome JOIN line l ON l.line = r.request
WHERE r.state = 'succeeded' ORDER BY r.request
"""

UNKNOWN = """
SELECT r.request, coalesce(l.type || ' ' || l.object, r.operation), r.body, min(a.claimed_at),
       max(coalesce(a.answered_at, a.claimed_at))
FROM request r JOIN line l ON l.line = r.request JOIN attempt a ON a.request = r.request
WHERE r.state = 'unknown' AND r.operation = ? GROUP BY r.request ORDER BY r.request
"""


class StepFacts(NamedTuple):
    """A step of the run, as enrolled."""

    number: int
    do: str  # the word of the plan file
    options: dict[str, Any]  # JSON values by the names of the plan file


class ResultLine(Struct, frozen=True, kw_only=True):
    """One manifest row and its fate, its fields named as the columns of `LINES`. Times in microseconds."""

    line: int
    manifest: int
    row: int
    cells: str
    operation: str | None
    type: str | None
    object: str | None
    request: int | None
    problem: str | None
    step: int
    path: str
    digest: str | None
    next_generation: int | None
    outcome: str | None  # of its request
    ids: str | None
    code: str | None
    category: str | None
    message: str | None
    replayed: int | None
    generation: int | None
    attempts: int | None
    http_status: int | None
    request_id: str | None
    process_id: str | None
    first_sent_at: int | None
    settled_at: int | None
    latency_ms: float | None
    pending_attempts: int | None
    pending_first_sent_at: int | None
    state: str  # the row's own
    query: str | None  # of its request, encoded; None of a rejected row
    was_unknown: int | None  # 1: its outcome was once unknown; None of a rejected row


class Trouble(NamedTuple):
    """A row that needs a person: failed, unknown or rejected."""

    row: int
    state: str
    category: str | None
    code: str | None
    message: str | None
    http_status: int | None
    step: int = 1


def manifests(store: Store) -> list[Manifest]:
    """The manifests of the run, in order."""
    sheets = dict(enumerate(store.facts().sheets, 1))
    return [
        Manifest(
            number=row["manifest"],
            step=row["step"],
            path=row["path"],
            sha256=row["sha256"],
            bytes=row["bytes"],
            columns=tuple(json.loads(row["columns"])),
            rows=row["rows"],
            sheet=sheets.get(row["manifest"]),
        )
        for row in store.named_rows("SELECT * FROM manifest ORDER BY manifest")
    ]


def steps(store: Store) -> list[StepFacts]:
    """The steps of the run with their options, in order."""
    rows = store.rows("SELECT step, does, options FROM step ORDER BY step")
    return [StepFacts(step, does, json.loads(options)) for step, does, options in rows]


def counts(store: Store) -> dict[int, dict[str, int]]:
    """Rows by state, for every step."""
    counted: dict[int, dict[str, int]] = {step.number: {} for step in steps(store)}
    for step, state, count in store.rows(COUNTS):
        counted[step][state] = count
    return counted


def types(store: Store) -> dict[str, int]:
    """Accepted rows by type, in the order of their first appearance; of a step without types by operation."""
    sql = "SELECT coalesce(type, operation), count(*) FROM line WHERE problem IS NULL GROUP BY 1 ORDER BY min(line)"
    return {name: count for name, count in store.rows(sql)}


def lines(
    store: Store, *, only_errors: bool = False, line: int | None = None, among: Collection[int] | None = None
) -> Iterator[ResultLine]:
    """The rows of the run in manifest order; of failed, unknown and rejected rows only; one of them, or some."""
    where = ""
    if only_errors:
        where = f"WHERE {_IS_TROUBLED}"
    if line is not None:
        where = "WHERE l.line = ?"
    values: tuple[int | str, ...] = () if line is None else (line,)
    if among is not None:
        where, values = "WHERE l.line IN (SELECT value FROM json_each(?))", (json.dumps(sorted(among)),)
    return (ResultLine(**row) for row in store.named_rows(f"{LINES} {where} ORDER BY l.line", *values))


def troubles(store: Store) -> Iterator[Trouble]:
    """Every row that needs a person, in order."""
    return map(Trouble._make, store.rows(TROUBLES))


def events(store: Store, *names: str) -> list[tuple[int, str, dict[str, Any]]]:
    """What happened to the run as a whole, in order: when (microseconds), what, its facts. All, or those named."""
    rows = store.rows("SELECT at, name, facts FROM event ORDER BY at, event")
    return [(at, name, json.loads(facts)) for at, name, facts in rows if not names or name in names]


def row_of_digest(store: Store, digest: str) -> int | None:
    """The row that first asks for the request with this identity, 40 hexadecimal characters."""
    row = store.row("SELECT request FROM request WHERE digest = ?", bytes.fromhex(digest))
    return row[0] if row else None


def every_problem(store: Store) -> Iterator[tuple[str, int, str]]:
    """The rejected rows: manifest path, row in it, problem."""
    sql = "SELECT m.path, l.row, l.problem FROM line l JOIN manifest m USING (manifest) WHERE problem IS NOT NULL"
    return ((path, row, problem) for path, row, problem in store.rows(f"{sql} ORDER BY l.line"))


def attempts(store: Store, request: int) -> list[dict[str, Any]]:
    """Every attempt of a request, in order, as dictionaries by column."""
    cursor = store.connection.execute("SELECT * FROM attempt WHERE request = ? ORDER BY number", (request,))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def sendings(store: Store) -> tuple[int, int | None, int | None]:
    """How many attempts there were, when the first was claimed and when the last was answered. What is only assumed to
    have been sent, since the ledger is incomplete, does not count."""
    sql = "SELECT count(*), min(claimed_at), max(coalesce(answered_at, claimed_at)) FROM attempt WHERE message IS NOT ?"
    return store.row(sql, ASSUMED) or (0, None, None)


def sent_by_minute(store: Store, since: int) -> list[tuple[float, int]]:
    """Attempts claimed since then (microseconds), by the minute: (seconds since the epoch, how many)."""
    sql = "SELECT claimed_at / 60000000, count(*) FROM attempt WHERE claimed_at >= ? GROUP BY 1 ORDER BY 1"
    return [(minute * 60.0, count) for minute, count in store.rows(sql, since)]


def answered_since(store: Store, since: int) -> tuple[int, int | None, int | None]:
    """Attempts answered since then: how many, when the first and when the last (microseconds)."""
    sql = "SELECT count(*), min(answered_at), max(answered_at) FROM attempt WHERE answered_at >= ?"
    return store.row(sql, since) or (0, None, None)


def last_event(store: Store, names: tuple[str, ...]) -> str | None:
    """The facts (JSON) of the last event with one of these names."""
    marks = ", ".join("?" * len(names))
    row = store.row(f"SELECT facts FROM event WHERE name IN ({marks}) ORDER BY event DESC LIMIT 1", *names)
    return row[0] if row else None


def begun(store: Store) -> bool:
    """Whether anything was ever claimed: a run from which nothing was sent may be planned anew."""
    return store.row("SELECT 1 FROM attempt LIMIT 1") is not None


def pending(store: Store) -> int:
    """How many requests are pending."""
    row = store.row("SELECT count(*) FROM request WHERE state = 'pending'")
    return row[0] if row else 0


CANARY = """
WITH first AS (
    SELECT request, lane FROM (
        SELECT r.request, r.lane, row_number() OVER (PARTITION BY r.operation, l.type ORDER BY r.request) AS number
        FROM request r JOIN line l ON l.line = r.request WHERE r.step = ? AND r.state = 'pending'
    ) WHERE number <= ?
), last AS (SELECT lane, max(request) AS request FROM first GROUP BY lane)
SELECT r.request FROM request r JOIN last ON last.lane = r.lane AND r.request <= last.request
WHERE r.step = ? AND r.state = 'pending'
"""


def canary(store: Store, step: int, count: int) -> frozenset[int]:
    """The first pending requests of every operation and type in a step, `count` of each, and all that come before them
    in their lanes."""
    return frozenset(request for (request,) in store.rows(CANARY, step, count, step))


def unknown_since(store: Store, since: int) -> bool:
    """Whether some request is unknown whose key was first used after then (microseconds)."""
    sql = (
        "SELECT 1 FROM request r JOIN attempt a ON a.request = r.request AND a.generation = r.generation"
        " WHERE r.state = 'unknown' GROUP BY r.request HAVING min(a.claimed_at) > ? LIMIT 1"
    )
    return store.row(sql, since) is not None


def lanes_in_doubt(store: Store) -> list[int]:
    """The lanes of the requests that were sent and whose outcome is not known."""
    sql = (
        "SELECT DISTINCT r.lane FROM request r JOIN attempt a USING (request)"
        " WHERE r.state IN ('pending', 'unknown') AND (a.answered_at IS NULL OR a.in_doubt)"
    )
    return [lane for (lane,) in store.rows(sql)]


def labels_in_lanes(store: Store, lanes: list[int]) -> list[str]:
    """The objects of pending requests in these lanes, for people, in order."""
    sql = (
        "SELECT DISTINCT coalesce(l.type || ' ' || l.object, r.operation) FROM request r"
        " JOIN line l ON l.line = r.request"
        " WHERE r.state = 'pending' AND r.lane IN (SELECT value FROM json_each(?)) ORDER BY r.request"
    )
    return [label for (label,) in store.rows(sql, json.dumps(lanes))]


def bodies(store: Store, most: int) -> list[tuple[str, str, str | None]]:
    """The first requests: operation, query, body."""
    rows = store.rows("SELECT operation, query, body FROM request ORDER BY request LIMIT ?", most)
    return [(operation, query, body) for operation, query, body in rows]


def pending_bodies(store: Store, operation: str) -> list[tuple[int, str | None]]:
    """The step and the canonical body of every request of an operation that is not settled, in order."""
    rows = store.rows(
        "SELECT step, body FROM request WHERE state = 'pending' AND operation = ? ORDER BY request", operation
    )
    return [(step, body) for step, body in rows]


def failed_requests(store: Store) -> Iterator[tuple[int, int, str, str, str | None]]:
    """The requests that failed: row, step, operation, query, body."""
    sql = "SELECT request, step, operation, query, body FROM request WHERE state = 'failed' ORDER BY request"
    return ((row, step, operation, query, body) for row, step, operation, query, body in store.rows(sql))


class Made(NamedTuple):
    """A request that succeeded, and the ids that it made."""

    row: int
    operation: str
    type: str
    object: str | None
    ids: list[str]

    @property
    def label(self) -> str:
        """The object for people."""
        return f"{self.type} {self.object}" if self.object else self.operation


class Unknown(NamedTuple):
    """A request of unknown outcome; when it was first and last attempted, in microseconds."""

    row: int
    label: str
    body: str | None
    first_at: int
    last_at: int


def unknown(store: Store, operation: str) -> Iterator[Unknown]:
    """The requests of one operation whose outcome is unknown, in order."""
    return map(Unknown._make, store.rows(UNKNOWN, operation))


def made(store: Store) -> Iterator[Made]:
    """What every request that succeeded made, in order."""
    for row, operation, type_, label, ids in store.rows(MADE):
        yield Made(row, operation, type_ or "", label, _ids(ids))


def cells(store: Store, manifest: int) -> Iterator[tuple[int, int, str]]:
    """The rows of a manifest: number in the run, number in the manifest, cells as a JSON array."""
    sql = "SELECT line, row, cells FROM line WHERE manifest = ? ORDER BY line"
    return ((line, row, text) for line, row, text in store.rows(sql, manifest))


def retries(store: Store) -> int:
    """How many attempts there were after the first of each request."""
    row = store.row("SELECT count(*) - count(DISTINCT request) FROM attempt")
    return row[0] if row else 0
