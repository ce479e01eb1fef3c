"""What the benchmarks measured, beside what it is compared with: one line of the table each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.bench.measure import median, table


@dataclass(frozen=True)
class Figure:
    """One figure of ours, and of an anchor or of the bare means on the same work in the same run."""

    what: str
    unit: str
    ours: float
    beside: str = ""  # what it is compared with; empty for a figure that stands alone
    theirs: float | None = None
    ratios: tuple[float, ...] = ()  # of the rounds, ours to theirs; for their spread
    wanted: str = ""  # in words, such as `at least 0.98`

    @property
    def ratio(self) -> str:
        """Ours to theirs: the median of the rounds' own, and from which to which they lie."""
        if not self.ratios:
            return "" if not self.theirs else f"{self.ours / self.theirs:.2f}"
        spread = f" ({min(self.ratios):.2f}–{max(self.ratios):.2f})" if len(self.ratios) > 1 else ""
        return f"{median(self.ratios):.2f}{spread}"

    def line(self) -> tuple[str, ...]:
        """The line of the table."""
        theirs = "" if self.theirs is None else shown(self.theirs)
        return (self.what, self.unit, shown(self.ours), self.beside, theirs, self.ratio, self.wanted)


def compared(
    what: str, unit: str, ours: Sequence[float], beside: str, theirs: Sequence[float], wanted: str = ""
) -> Figure:
    """A figure from the values of several rounds. A machine that slows down from round to round slows both."""
    ratios = tuple(mine / other for mine, other in zip(ours, theirs, strict=True))
    return Figure(what, unit, median(ours), beside, median(theirs), ratios, wanted)


def shown(value: float) -> str:
    """Three digits, or a whole number."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def in_one_table(figures: Iterable[Figure]) -> str:
    """All of them."""
    head = ("", "unit", "ours", "beside", "theirs", "ratio (spread)", "wanted")
    return table(head, [figure.line() for figure in figures])
