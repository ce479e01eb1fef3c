"""What the writer commits at once: a batch of rows for the view `writing` of `writing.sql`, bound to one statement.

A statement for each row, or for each table, would wait for the interpreter lock that often while the event loop is
busy; under load these waits, and not SQLite, were what writing cost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from importlib import resources
from itertools import chain, zip_longest
from typing import Any, NamedTuple

from runner.ledger.database import Store
from runner.ledger.sqlite_errors import translated


class AnswerColumns(NamedTuple):
    """The columns of the view that record an answered attempt; all null: there is none."""

    request: int | None = None
    number: int | None = None
    sent_at: int | None = None
    answered_at: int | None = None
    reason: str | None = None
    in_doubt: int | None = None
    over: int | None = None
    http_status: int | None = None
    code: str | None = None
    category: str | None = None
    message: str | None = None
    request_id: str | None = None
    process_id: str | None = None
    reply_ids: str | None = None
    token: int | None = None
    snippet: str | None = None
    answers: int | None = None
    next_generation: int | None = None


class OutcomeColumns(NamedTuple):
    """The columns of the view that append an outcome; all null: the request is not settled."""

    seq: int | None = None
    state: str | None = None
    ids: str | None = None
    outcome_code: str | None = None
    outcome_category: str | None = None
    outcome_message: str | None = None
    replayed: int | None = None
    generation: int | None = None
    first_sent_at: int | None = None
    latency_ms: float | None = None
    rows: str | None = None
    hash: str | None = None


class ClaimColumns(NamedTuple):
    """The columns of the view that record a claim; all null: there is none."""

    claim_request: int | None = None
    claim_number: int | None = None
    claim_generation: int | None = None
    claimed_at: int | None = None


COLUMNS = (*AnswerColumns._fields, *OutcomeColumns._fields, *ClaimColumns._fields)
NO_ANSWER, NO_OUTCOME, NO_CLAIM = AnswerColumns(), OutcomeColumns(), ClaimColumns()
_EMPTY_ROW = (*NO_ANSWER, *NO_OUTCOME, *NO_CLAIM)
SIZES = (8, 16, 24, 32, 40, 48, 64, 80, 128, 256)  # rows that a statement is prepared for; empty rows fill it up

_ROW = f"({', '.join('?' * len(COLUMNS))})"
_STATEMENTS = {size: f"INSERT INTO writing ({', '.join(COLUMNS)}) VALUES {', '.join([_ROW] * size)}" for size in SIZES}

Answered = tuple[AnswerColumns, OutcomeColumns]


def prepare(store: Store) -> None:
    """Make a store's connection fit for writing batches."""
    with translated(store.path):
        store.connection.executescript(resources.files("runner.ledger").joinpath("writing.sql").read_text("utf-8"))


def rows_of(answers: Sequence[Answered], claims: Sequence[ClaimColumns]) -> list[tuple[Any, ...]]:
    """Rows of the view. An answer and a claim may share one; they have nothing to do with each other."""
    nothing = (NO_ANSWER, NO_OUTCOME)
    pairs = zip_longest(answers, claims)
    return [(*(pair or nothing)[0], *(pair or nothing)[1], *(claim or NO_CLAIM)) for pair, claim in pairs]


def is_one(rows: Sequence[Any]) -> bool:
    """Whether these rows are one statement, and so a transaction of their own."""
    return len(rows) <= SIZES[-1]


def write(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows, in order."""
    most = SIZES[-1]
    for begin in range(0, len(rows), most):
        part = rows[begin : begin + most]
        size = next(size for size in SIZES if size >= len(part))
        filled = chain(part, (_EMPTY_ROW,) * (size - len(part)))
        connection.execute(_STATEMENTS[size], list(chain.from_iterable(filled)))
