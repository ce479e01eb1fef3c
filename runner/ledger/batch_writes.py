"""The statements of the writer's transactions: one for each kind of change, however many rows a batch has.

A statement for each row would wait for the interpreter lock that often while the event loop is busy; under load these
waits, and not SQLite, were what writing cost. A batch of 40 responses and 40 claims takes 16.5 µs of CPU a row; as one
statement, which triggers of a view took apart, it took 19.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

SIZES = (8, 16, 24, 32, 40, 48, 64, 80, 128, 256)  # rows that a statement is prepared for; empty rows fill it up


class AnswerColumns(NamedTuple):
    """The columns of an attempt that its response decides, after the two that name it."""

    request: int
    number: int
    sent_at: int | None
    answered_at: int
    reason: str
    in_doubt: int
    over: int
    http_status: int | None
    code: str | None
    category: str | None
    message: str | None
    request_id: str | None
    process_id: str | None
    reply_ids: str | None
    token: int | None
    snippet: str | None


CLAIM = """
INSERT INTO attempt (request, number, generation, claimed_at)
SELECT * FROM (VALUES {rows}) WHERE column1 IS NOT NULL
"""
ANSWER = f"""
WITH answer ({", ".join(AnswerColumns._fields)}) AS (VALUES {{rows}})
UPDATE attempt SET {", ".join(f"{name} = answer.{name}" for name in AnswerColumns._fields[2:])}
FROM answer WHERE attempt.request = answer.request AND attempt.number = answer.number
"""
OUTCOME = """
INSERT INTO outcome (
    seq, request, state, ids, code, category, message, replayed, generation, attempts, http_status,
    request_id, process_id, first_sent_at, settled_at, latency_ms, rows, hash
)
SELECT * FROM (VALUES {rows}) WHERE column1 IS NOT NULL
"""


def write(connection: sqlite3.Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Execute one of these statements for rows, in order."""
    most = SIZES[-1]
    for begin in range(0, len(rows), most):
        part = rows[begin : begin + most]
        columns = len(part[0])
        size = next(size for size in SIZES if size >= len(part))
        values = list(chain.from_iterable(part))
        values += [None] * (size * columns - len(values))
        connection.execute(_for(statement, columns, size), values)


@cache
def _for(statement: str, columns: int, size: int) -> str:
    """A statement for so many rows."""
    row = f"({', '.join('?' * columns)})"
    return statement.format(rows=", ".join([row] * size))
