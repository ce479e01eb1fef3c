"""The requests of a run by what they do: operation, mode, type of object."""

from __future__ import annotations

from typing import NamedTuple

from runner.ledger.database import Store

_MODE = "CASE WHEN r.query LIKE 'onlyReSend=%' OR r.query LIKE 'reMigrate=%' THEN r.query ELSE '' END"  # of no object


class Kind(NamedTuple):
    """So many requests of one operation, mode and type."""

    operation: str
    query: str  # the mode's part: encoded, without '?'
    type: str | None  # None of an operation that takes no objects
    requests: int


def kinds(store: Store) -> list[Kind]:
    """What the run asks for, whatever became of it, in the order of the manifests."""
    sql = f"""
        SELECT r.operation, {_MODE}, l.type, count(*) FROM request r JOIN line l ON l.line = r.request
        GROUP BY 1, 2, 3 ORDER BY min(r.request)
    """
    return [Kind(*row) for row in store.rows(sql)]


def pending_kinds(store: Store) -> list[tuple[str, str, int]]:
    """What is left to send: operation, mode, number of requests."""
    sql = f"SELECT operation, {_MODE}, count(*) FROM request r WHERE state = 'pending' GROUP BY 1, 2 ORDER BY 1, 2"
    return [(operation, query, count) for operation, query, count in store.rows(sql)]
