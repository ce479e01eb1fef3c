"""Small counts over the ledger: what is left, by kind; what it took; which rows failed."""

from __future__ import annotations

from runner.ledger.store import Store


def pending_kinds(store: Store) -> list[tuple[str, str, int]]:
    """What is left to send: operation, query, number of requests."""
    flags = (
        "CASE WHEN query LIKE 'onlyReSend=%' OR query LIKE 'reMigrate=%' THEN query ELSE '' END"  # not of one object
    )
    sql = f"SELECT operation, {flags}, count(*) FROM request WHERE state = 'pending' GROUP BY 1, 2 ORDER BY 1, 2"
    return [(operation, query, count) for operation, query, count in store.rows(sql)]


def retries(store: Store) -> int:
    """How many attempts there were after the first of each request."""
    row = store.row("SELECT count(*) - count(DISTINCT request) FROM attempt")
    return row[0] if row else 0
