"""What a run has left to send, read from its ledger: requests, and the histories of those that were attempted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from runner.domain.model import History, Judgement, Kind, Reason, Request, State
from runner.ledger.database import Store
from runner.ledger.step_lines import bounds

# The columns of a request, by the names of `_Row`.
_COLUMNS = {
    "number": "r.request",
    "step": "r.step",
    "operation": "r.operation",
    "body": "r.body",
    "query": "r.query",
    "digest": "lower(hex(r.digest))",
    "lane": "r.lane",
    "following": "r.following",
}
REQUEST = ", ".join(f"{expression} AS {name}" for name, expression in _COLUMNS.items())

# One JSON text for all of them: rows one by one would each wait for the interpreter lock.
FRESH = f"""
SELECT json_group_array(json_object({", ".join(f"'{name}', {expression}" for name, expression in _COLUMNS.items())}))
FROM (
    SELECT * FROM request r
    WHERE r.request BETWEEN ? AND ? AND r.step = ? AND r.state = 'pending' AND r.head
      AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.request = r.request)
    ORDER BY r.request LIMIT ?
) AS r
"""

RELEASED = f"""
SELECT {REQUEST}
FROM request p JOIN request r ON r.request = p.following
WHERE p.request BETWEEN ? AND ? AND p.step = ? AND p.following IS NOT NULL AND p.state <> 'pending'
  AND r.state = 'pending'
  AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.request = r.request)
"""

UNATTEMPTED = f"""
SELECT {REQUEST} FROM request r
WHERE r.request = ? AND r.state = 'pending'
  AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.request = r.request)
"""

BEGUN = f"""
SELECT {REQUEST}, r.generation AS request_generation, a.number AS attempt, a.generation, a.claimed_at, a.sent_at,
       a.answered_at, a.reason, a.in_doubt, a.over, a.reply_ids, j.job
FROM request r
JOIN attempt a USING (request)
LEFT JOIN job j ON j.job = r.request
WHERE r.request BETWEEN ? AND ? AND r.step = ? AND r.state = ?
ORDER BY r.request, a.number
"""


class Begun(NamedTuple):
    """A request that was attempted before, with its history."""

    request: Request
    history: History
    first_sent_at: int | None


class _Row(Struct):
    """A request as the database has it."""

    number: int
    step: int
    operation: str
    body: str | None
    query: str
    digest: str
    lane: int
    following: int | None

    def request(self) -> Request:
        """The request as the program has it."""
        body = None if self.body is None else self.body.encode()
        return Request(self.number, self.step, self.operation, body, self.query, self.digest, self.lane, self.following)


_rows = msgspec.json.Decoder(list[_Row]).decode
_strings = msgspec.json.Decoder(list[str]).decode


def fresh(store: Store, step: int, after: int, limit: int) -> list[Request]:
    """Requests never attempted that are first in their lane, in manifest order."""
    first, last = bounds(store, step)
    row = store.row(FRESH, max(first, after + 1), last, step, limit)
    return sorted((row.request() for row in _rows(row[0])), key=lambda request: request.number) if row else []


def released(store: Store, step: int) -> list[Request]:
    """Requests never attempted whose forerunner in the lane is settled: at the start of an invocation."""
    return [request_of(row) for row in store.named_rows(RELEASED, *bounds(store, step), step)]


def unattempted(store: Store, number: int) -> Request | None:
    """One request, if it is pending and was never attempted."""
    return next((request_of(row) for row in store.named_rows(UNATTEMPTED, number)), None)


def begun(store: Store, step: int, state: State) -> Iterator[Begun]:
    """Requests attempted before and now in `state`, with their histories folded from the attempts."""
    rows = store.named_rows(BEGUN, *bounds(store, step), step, state.value)
    for _, attempts in groupby(rows, key=lambda row: row["number"]):
        yield _begun(list(attempts))


def request_of(row: sqlite3.Row) -> Request:
    """The request in a row that has the columns `REQUEST`."""
    return _Row(**{name: row[name] for name in _COLUMNS}).request()


def _begun(attempts: list[sqlite3.Row]) -> Begun:
    """A request with the history that its attempts give; patience and tokens begin anew."""
    first, last = attempts[0], attempts[-1]
    history = _folded(History(generation=first["request_generation"], attempts=last["attempt"]), attempts)
    if first["job"] is not None:  # what it created is known: nothing is in doubt, however long ago that was
        history = history.resolved()
    sent = (
        row["sent_at"] or (row["claimed_at"] if row["answered_at"] is None else None) for row in attempts
    )  # one without a response may have been sent as soon as it was claimed
    return Begun(request_of(first), history, next((at for at in sent if at is not None), None))


def _folded(history: History, attempts: Iterable[sqlite3.Row]) -> History:
    """The history with the attempts of its generation folded in."""
    for row in attempts:
        if row["generation"] == history.generation and not row["over"]:
            history = _with_attempt(history, row)
    return history


def _with_attempt(history: History, row: sqlite3.Row) -> History:
    if history.claimed_at is None:
        history = replace(history, claimed_at=row["claimed_at"] / 1e6)
    if row["answered_at"] is None:
        return history.unanswered()
    ids = tuple(_strings(row["reply_ids"])) if row["reply_ids"] else ()
    judgement = Judgement(
        Kind.AGAIN, Reason(row["reason"]), in_doubt=bool(row["in_doubt"]), spends=False, reply_ids=ids
    )
    return history.after(judgement, row["answered_at"] / 1e6)
