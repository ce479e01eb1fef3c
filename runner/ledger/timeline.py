"""What the report draws over time: when requests were sent, answered and settled; the slowest of them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.ledger.store import Store

if TYPE_CHECKING:
    import numpy as np

    Times = np.ndarray[Any, np.dtype[np.int64]]  # microseconds since the epoch


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


def sent_and_answered(store: Store) -> tuple[Times, Times]:
    """When each answered attempt was sent and when it was answered."""
    import numpy as np

    sql = "SELECT sent_at, answered_at FROM attempt WHERE sent_at IS NOT NULL AND answered_at IS NOT NULL"
    both = np.fromiter(chain.from_iterable(store.rows(sql)), np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def settled(store: Store) -> Times:
    """When each request got the outcome that it has now."""
    import numpy as np

    sql = "SELECT o.settled_at FROM request r JOIN outcome o ON o.seq = r.outcome WHERE r.state <> 'pending'"
    return np.fromiter((at for (at,) in store.rows(sql)), np.int64)


def slowest(store: Store, most: int) -> list[Slow]:
    """The attempts that took longest."""
    return [Slow(*row) for row in store.rows(SLOWEST, most)]
