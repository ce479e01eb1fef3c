"""What a run sent of one operation, as far as it may have had an effect: for the comparison with the tenant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from runner.ledger.database import Store

SENT = """
SELECT r.request, r.state, l.type, r.query, r.body, o.ids, min(a.claimed_at),
       max(coalesce(a.answered_at, a.claimed_at))
FROM request r
JOIN line l ON l.line = r.request
JOIN attempt a ON a.request = r.request
LEFT JOIN outcome o ON o.seq = r.outcome
WHERE r.operation = ? AND r.state IN ('succeeded', 'unknown')
GROUP BY r.request ORDER BY r.request
"""


class SentRequest(NamedTuple):
    """A request that succeeded or whose outcome is unknown. Times in microseconds."""

    row: int
    state: str
    type: str | None
    query: str
    body: str | None
    ids: str | None  # JSON array
    first_at: int  # when its first attempt was claimed
    last_at: int  # when its last attempt was answered, or else claimed


def sent_requests(store: Store, operation: str) -> Iterator[SentRequest]:
    """The requests of an operation that had, or may have had, an effect; in order."""
    return map(SentRequest._make, store.rows(SENT, operation))


def operations_sent(store: Store) -> dict[str, int]:
    """How many requests of each operation succeeded or are unknown."""
    sql = "SELECT operation, count(*) FROM request WHERE state IN ('succeeded', 'unknown') GROUP BY 1 ORDER BY 1"
    return dict(store.rows(sql))


def labels(store: Store, rows: Iterable[int]) -> dict[int, str]:
    """Rows as people know them: type and object."""
    sql = "SELECT coalesce(type || ' ' || object, operation) FROM line WHERE line = ?"
    return {row: sent[0] for row in rows if (sent := store.row(sql, row)) is not None}


def bodies_of(store: Store, rows: Iterable[int]) -> dict[int, str]:
    """The bodies that were sent, by row; of rows that had one."""
    sql = "SELECT body FROM request WHERE request = ? AND body IS NOT NULL"
    return {row: sent[0] for row in rows if (sent := store.row(sql, row)) is not None}


def ids_of(store: Store, rows: Iterable[int]) -> dict[int, str]:
    """The ids that requests made, as JSON arrays, by row; of rows that have an outcome."""
    sql = "SELECT o.ids FROM request r JOIN outcome o ON o.seq = r.outcome WHERE r.request = ?"
    return {row: sent[0] or "[]" for row in rows if (sent := store.row(sql, row)) is not None}
