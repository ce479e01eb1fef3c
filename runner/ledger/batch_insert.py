"""What the pen writes at once: a batch of rows for the view `writing` of `writing.sql`, bound to one statement.

A statement a row, or one a table, would wait for the interpreter lock that often while the event loop is busy; under
load these waits, and not SQLite, were what writing cost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from importlib import resources
from itertools import chain
from typing import Any

from runner.ledger.database import Store
from runner.ledger.sqlite_errors import translated

WIDTH = 34  # columns of the view
NO_ANSWER: tuple[None, ...] = (None,) * 18
NO_OUTCOME: tuple[None, ...] = (None,) * 12
NO_CLAIM: tuple[None, ...] = (None,) * 4
SIZES = (8, 16, 24, 32, 40, 48, 64, 80, 128, 256)  # rows that a statement is prepared for; the rest is filled up

_ROW = f"({', '.join('?' * WIDTH)})"
_STATEMENTS = {size: f"INSERT INTO writing VALUES {', '.join([_ROW] * size)}" for size in SIZES}


def prepare(store: Store) -> None:
    """Make a store's connection fit for writing batches."""
    with translated(store.path):
        store.connection.executescript(resources.files("runner.ledger").joinpath("writing.sql").read_text("utf-8"))


def is_one(rows: Sequence[Any]) -> bool:
    """Whether these rows are one statement, and so a transaction of their own."""
    return len(rows) <= SIZES[-1]


def write(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows, in order."""
    most = SIZES[-1]
    for begin in range(0, len(rows), most):
        part = rows[begin : begin + most]
        size = next(size for size in SIZES if size >= len(part))
        values = list(chain.from_iterable(part))
        values += [None] * ((size - len(part)) * WIDTH)
        connection.execute(_STATEMENTS[size], values)
