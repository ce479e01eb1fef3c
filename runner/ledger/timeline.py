"""What the report draws over time: when requests were sent, answered and settled; the slowest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runner.ledger.store import Store

if TYPE_CHECKING:
    import numpy as np

    Seconds = np.ndarray[Any, np.dtype[np.float32]]  # seven digits: of ten days it tells a tenth of a second


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


_ANSWERED = "attempt WHERE sent_at IS NOT NULL AND answered_at IS NOT NULL"


def began(store: Store) -> int | None:
    """When the first of the answered attempts was sent, in microseconds since the epoch; None if there is none."""
    row = store.row(f"SELECT min(sent_at) FROM {_ANSWERED}")
    return row[0] if row else None


def sent(store: Store, zero: int) -> Seconds:
    """When each answered attempt was sent, since `zero`."""
    return _seconds(store, f"sent_at - {zero}", _ANSWERED)


def answered(store: Store, zero: int) -> Seconds:
    """When each answered attempt was answered, since `zero`."""
    return _seconds(store, f"answered_at - {zero}", _ANSWERED)


def took(store: Store) -> Seconds:
    """How long each answered attempt took."""
    return _seconds(store, "answered_at - sent_at", _ANSWERED)


def settled(store: Store, zero: int) -> Seconds:
    """When each request got the outcome that it has now, since `zero`."""
    rows = "request r JOIN outcome o ON o.seq = r.outcome WHERE r.state <> 'pending'"
    return _seconds(store, f"o.settled_at - {zero}", rows)


def _seconds(store: Store, microseconds: str, rows: str) -> Seconds:
    import numpy as np

    (count,) = store.row(f"SELECT count(*) FROM {rows}") or (0,)
    # as many as were counted: an array that has to grow is half as large again
    return np.fromiter((one for (one,) in store.rows(f"SELECT ({microseconds}) / 1e6 FROM {rows}")), np.float32, count)


def slowest(store: Store, most: int) -> list[Slow]:
    """The attempts that took longest."""
    return [Slow(*row) for row in store.rows(SLOWEST, most)]
