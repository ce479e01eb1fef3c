"""The numbers of the report, out of the ledger; bounded, whatever the run's size. Its memory is some 12 bytes a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.ledger import Store, queries, timeline

if TYPE_CHECKING:
    from runner.ledger.timeline import Ticks

BUCKETS = 240
A_BUCKET = 8  # requests at least, on average: fewer, and the rate is a saw
SHORTEST_BUCKET = 0.1  # seconds
PAUSES = 200
GAP_SECONDS = 120.0  # without any request: such a gap is folded
GAP_SHARE = 0.05
PERCENTILES = (50, 90, 99, 100)
BARS = 40


@dataclass(frozen=True)
class Stretch:
    """A stretch of time in which the run was at work. Seconds since its first request."""

    begin: float
    end: float


@dataclass(frozen=True)
class Series:
    """Values over time, a list for each stretch: (seconds since the run's first request, value)."""

    points: tuple[tuple[tuple[float, float], ...], ...]

    @property
    def most(self) -> float:
        """The largest value."""
        return max((value for stretch in self.points for _, value in stretch), default=0.0)


@dataclass(frozen=True)
class Pause:
    """A pause that held everyone: when, for how long, why."""

    at: float
    seconds: float
    reason: str


@dataclass(frozen=True)
class Course:
    """The course of a run over time."""

    stretches: tuple[Stretch, ...]
    rate: Series  # requests settled a second
    under_way: Series
    limits: tuple[tuple[float, float], ...]  # when the concurrency changed, and to what
    pauses: tuple[Pause, ...]
    paused: int  # how many pauses there were

    @property
    def seconds(self) -> float:
        """From the first request to the last answer, gaps included."""
        return self.stretches[-1].end - self.stretches[0].begin

    @property
    def active(self) -> float:
        """The same without the gaps."""
        return sum(stretch.end - stretch.begin for stretch in self.stretches)


@dataclass(frozen=True)
class Latency:
    """How long answers took, in milliseconds: percentiles, and counts between bounds."""

    percentiles: dict[int, float]
    bounds: tuple[float, ...]
    counts: tuple[int, ...]


def course(store: Store) -> Course | None:
    """The course of the run; None if nothing was answered."""
    with store.snapshot():  # of a run that goes on, too: as many ends as begins
        during = timeline.span(store)
        if during is None:
            return None
        begin, end, done = (read(store, during) for read in (timeline.sent, timeline.answered, timeline.settled))
    begin.sort()
    end.sort()
    zero, tick = during.zero, during.tick / 1e6
    stretches = _stretches(begin, end, tick)
    active = sum(stretch.end - stretch.begin for stretch in stretches)
    width = max(active / BUCKETS, SHORTEST_BUCKET, tick)
    steady = max(active * min(1.0, A_BUCKET / len(begin)), width)
    events = queries.events(store, "paused", "concurrency", "concurrency-grown")
    pauses = [
        Pause((at - zero) / 1e6, facts["seconds"], facts["reason"]) for at, name, facts in events if name == "paused"
    ]
    limits = [((at - zero) / 1e6, float(facts["to"])) for at, name, facts in events if name != "paused"]
    return Course(
        stretches=stretches,
        rate=Series(tuple(_rate(done, stretch, steady, tick) for stretch in stretches)),
        under_way=Series(tuple(_under_way(begin, end, stretch, width, tick) for stretch in stretches)),
        limits=tuple(limits[:: max(1, len(limits) // PAUSES)]),
        pauses=tuple(sorted(pauses, key=lambda pause: -pause.seconds)[:PAUSES]),
        paused=len(pauses),
    )


def _stretches(begins: Ticks, ends: Ticks, tick: float) -> tuple[Stretch, ...]:
    """The time of the run without the gaps in which nothing was under way: a run that was resumed next morning.

    Both are sorted: nothing is under way where as many requests have ended as have begun. `tick` in seconds.
    """
    import numpy as np

    longest = max(GAP_SECONDS / tick, GAP_SHARE * float(ends[-1]))
    cuts = np.flatnonzero(begins[1:] - ends[:-1] > longest)
    firsts, lasts = [0, *(cuts + 1)], [*cuts, len(begins) - 1]
    return tuple(
        Stretch(int(begins[first]) * tick, max(int(ends[last]), int(begins[first]) + 1) * tick)
        for first, last in zip(firsts, lasts, strict=True)
    )


def _edges(stretch: Stretch, width: float) -> Any:
    import numpy as np

    return np.linspace(stretch.begin, stretch.end, max(2, round((stretch.end - stretch.begin) / width) + 1))


def _rate(done: Ticks, stretch: Stretch, width: float, tick: float) -> tuple[tuple[float, float], ...]:
    import numpy as np

    edges = _edges(stretch, width)
    counts, _ = np.histogram(done, bins=edges / tick)
    seconds = np.diff(edges)
    return tuple(zip(edges[:-1].tolist(), (counts / seconds).tolist(), strict=True))


def _under_way(
    begins: Ticks, ends: Ticks, stretch: Stretch, width: float, tick: float
) -> tuple[tuple[float, float], ...]:
    """How many requests were under way at the middle of each bucket; both are sorted."""
    import numpy as np

    edges = _edges(stretch, width)
    middles = ((edges[:-1] + edges[1:]) / 2 / tick).astype(begins.dtype)  # of another type, all would be copied
    open_ = np.searchsorted(begins, middles, "right") - np.searchsorted(ends, middles, "right")
    return tuple(zip(edges[:-1].tolist(), open_.astype(float).tolist(), strict=True))


def latency(store: Store) -> Latency | None:
    """How long the answers took; None if there were none."""
    import numpy as np

    took = timeline.took(store)
    if not len(took):
        return None
    np.maximum(took, 1e-3, out=took)
    values = np.percentile(took, PERCENTILES, overwrite_input=True)
    percentiles = {rank: float(value) for rank, value in zip(PERCENTILES, values, strict=True)}
    low, high = float(took.min()), float(took.max())
    bounds = np.geomspace(low, max(high, low * 1.01), BARS + 1)
    bounds[0], bounds[-1] = low, max(high, low * 1.01)
    counts, _ = np.histogram(took, bins=bounds)
    return Latency(percentiles, tuple(bounds.tolist()), tuple(counts.tolist()))


def share(count: int, of: int) -> str:
    """A share for people: `12.3 %`."""
    return f"{100 * count / of:.1f} %" if of else "–"
