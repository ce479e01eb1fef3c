"""What the report draws over time: when requests were sent, answered and settled; the slowest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runner.ledger.store import Store

if TYPE_CHECKING:
    import numpy as np

    Times = np.ndarray[Any, np.dtype[np.float64]]  # microseconds since the epoch: whole numbers, told exactly


class Slow(NamedTuple):
    """An attempt that took long."""

    row: int
    attempt: int
    sent_at: int
    took: int  # microseconds
    http_status: int | None
    reason: str
    request_id: str | None
    label: str


SLOWEST = """
SELECT a.request, a.number, a.sent_at, a.answered_at - a.sent_at, a.http_status, a.reason, a.request_id,
       coalesce(l.type || ' ' || l.object, l.operation, '')
FROM attempt a JOIN line l ON l.line = a.request
WHERE a.sent_at IS NOT NULL AND a.answered_at IS NOT NULL
ORDER BY 4 DESC, 1, 2 LIMIT ?
"""


_ANSWERED = "FROM attempt WHERE sent_at IS NOT NULL AND answered_at IS NOT NULL"


def sent(store: Store) -> Times:
    """When each answered attempt was sent."""
    return _times(store, f"SELECT sent_at {_ANSWERED}")


def answered(store: Store) -> Times:
    """When each answered attempt was answered."""
    return _times(store, f"SELECT answered_at {_ANSWERED}")


def took(store: Store) -> Times:
    """How long each answered attempt took, in microseconds."""
    return _times(store, f"SELECT answered_at - sent_at {_ANSWERED}")


def settled(store: Store) -> Times:
    """When each request got the outcome that it has now."""
    return _times(
        store, "SELECT o.settled_at FROM request r JOIN outcome o ON o.seq = r.outcome WHERE r.state <> 'pending'"
    )


def _times(store: Store, sql: str) -> Times:
    import numpy as np

    return np.fromiter((at for (at,) in store.rows(sql)), np.float64)


def slowest(store: Store, most: int) -> list[Slow]:
    """The attempts that took longest."""
    return [Slow(*row) for row in store.rows(SLOWEST, most)]
