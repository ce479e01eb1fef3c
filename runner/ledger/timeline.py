"""What the report draws over time: when requests were sent, answered and settled; the slowest of them."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.ledger.assumed_sends import ASSUMED
from runner.ledger.database import Store

if TYPE_CHECKING:
    import numpy as np

    Ticks = np.ndarray[Any, np.dtype[np.int32]]  # since the span's zero
    Milliseconds = np.ndarray[Any, np.dtype[np.float32]]


class Span(NamedTuple):
    """The answered attempts of a run: how many, since when, and what their times are counted in.

    A tick is a millisecond; more if the run took longer than 24 days, so that each time fits into four bytes.
    """

    attempts: int
    zero: int  # microseconds since the epoch
    tick: int  # microseconds


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


_MOST_TICKS = 2**31 - 1
_ANSWERED = "attempt WHERE sent_at IS NOT NULL AND answered_at IS NOT NULL"
_SETTLED = "request r JOIN outcome o ON o.seq = r.outcome WHERE r.state <> 'pending'"


def span(store: Store) -> Span | None:
    """The span of the answered attempts; None if there are none."""
    count, zero, end = store.row(f"SELECT count(*), min(sent_at), max(answered_at) FROM {_ANSWERED}") or (0, 0, 0)
    return Span(count, zero, max(1_000, -((zero - end) // _MOST_TICKS))) if count else None


def sent(store: Store, during: Span) -> Ticks:
    """When each answered attempt was sent."""
    return _ticks(store, "sent_at", _ANSWERED, during, during.attempts)


def answered(store: Store, during: Span) -> Ticks:
    """When each answered attempt was answered."""
    return _ticks(store, "answered_at", _ANSWERED, during, during.attempts)


def settled(store: Store, during: Span) -> Ticks:
    """When each request got the outcome that it has now."""
    return _ticks(store, "o.settled_at", _SETTLED, during, _count(store, _SETTLED))


def took(store: Store) -> Milliseconds:
    """How long each answered attempt took."""
    import numpy as np

    query = store.rows(f"SELECT (answered_at - sent_at) / 1e3 FROM {_ANSWERED}")
    return np.fromiter((value for (value,) in query), np.float32, _count(store, _ANSWERED))


def _ticks(store: Store, time: str, source: str, during: Span, count: int) -> Ticks:
    """The column `time` of as many rows of `source`: an array that has to grow would be half as large again.

    What a clock that was set puts outside the span is drawn at its edge.
    """
    import numpy as np

    query = store.rows(f"SELECT max(0, min(({time} - ?) / ?, ?)) FROM {source}", during.zero, during.tick, _MOST_TICKS)
    return np.fromiter((value for (value,) in query), np.int32, count)


def _count(store: Store, source: str) -> int:
    (count,) = store.row(f"SELECT count(*) FROM {source}") or (0,)
    return int(count)


def slowest(store: Store, most: int) -> list[Slow]:
    """The attempts that took longest."""
    return [Slow(*row) for row in store.rows(SLOWEST, most)]


MOST_STARTS = 50  # each costs a pass over the attempts


class Effort(NamedTuple):
    """What a run has sent, and in what time. Seconds from the first request to the last answer."""

    sent: int
    seconds: float
    working_seconds: float  # without the time between one start's end and the next


def effort(store: Store) -> Effort:
    """The attempts of every start. What is only assumed to have been sent does not count, as in `queries.sendings`."""
    starts = [int(datetime.fromisoformat(start.at).timestamp() * 1e6) for start in store.facts().starts]
    bounds = [0, *sorted(starts[1:MOST_STARTS]), 1 << 62]
    sql = """
        SELECT count(*), min(claimed_at), max(coalesce(answered_at, claimed_at)) FROM attempt
        WHERE claimed_at >= ? AND claimed_at < ? AND message IS NOT ?
    """
    spans = [store.row(sql, begin, end, ASSUMED) or (0, None, None) for begin, end in pairwise(bounds)]
    used = [span for span in spans if span[0]]
    if not used:
        return Effort(0, 0.0, 0.0)
    whole = max(last for _, _, last in used) - used[0][1]
    working = sum(last - first for _, first, last in used)
    return Effort(sum(count for count, _, _ in used), whole / 1e6, working / 1e6)
