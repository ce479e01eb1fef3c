"""The report's pictures: inline SVG, coloured by the page's style, each with a text that says what it shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.results.report.html import Markup, element, short
from runner.results.report.statistics import Course, Latency, Pause, Series, Stretch
from runner.system.counting import counted
from runner.system.timestamps import duration

WIDTH, HEIGHT = 860, 190
LEFT, RIGHT, TOP, BOTTOM = 76, 12, 14, 30
FOLD = 18  # pixels of a gap that is folded


def figure(name: str, title: str, caption: str, *inside: object, height: int = HEIGHT) -> Markup:
    """A picture with its title and its text alternative, which is also its caption."""
    image = element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", caption, id=f"{name}-text"),
        *inside,
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        aria_labelledby=f"{name}-title {name}-text",
        xmlns="http://www.w3.org/2000/svg",
    )
    return element("figure", image, element("figcaption", element("b", title), ": ", caption))


def balance(counts: Mapping[str, int], states: Sequence[str]) -> Markup:
    """The states of all rows as one bar."""
    rows, at, bars = counts["rows"], 0.0, []
    for state in states:
        width = WIDTH * counts[state] / rows if rows else 0.0
        if width:
            hint = f"{state}: {counts[state]:,}"
            bars.append(
                element("rect", element("title", hint), x=_n(at), y=0, width=_n(width), height=34, class_=state)
            )
        at += width
    parts = " + ".join(f"{counts[state]:,} {state}" for state in states if counts[state])
    return figure("balance", "Balance", f"{counted(rows, 'row')} = {parts or 0}", *bars, height=34)


@dataclass(frozen=True)
class _Axis:
    """Seconds of the run to pixels; gaps are folded."""

    stretches: tuple[Stretch, ...]

    @property
    def scale(self) -> float:
        active = sum(stretch.end - stretch.begin for stretch in self.stretches)
        room = WIDTH - LEFT - RIGHT - FOLD * (len(self.stretches) - 1)
        return max(room, 1) / active

    def x(self, seconds: float) -> float:
        at = float(LEFT)
        for stretch in self.stretches:
            if seconds < stretch.begin:
                return at
            if seconds <= stretch.end:
                return at + (seconds - stretch.begin) * self.scale
            at += (stretch.end - stretch.begin) * self.scale + FOLD
        return at - FOLD

    def folds(self) -> list[tuple[float, float]]:
        """Where gaps are folded: pixels, seconds left out."""
        pairs = zip(self.stretches, self.stretches[1:], strict=False)
        return [(self.x(earlier.end), later.begin - earlier.end) for earlier, later in pairs]

    def marks(self) -> list[tuple[float, str]]:
        """Where the axis is labelled: where a stretch begins, and at round times since; as far as there is room."""
        step = next((step for step in _STEPS if step * self.scale >= 110), _STEPS[-1])
        begins = [(self.x(stretch.begin), duration(stretch.begin)) for stretch in self.stretches]
        kept: list[tuple[float, str]] = []
        for at, label in begins:
            if not kept or _apart(at, [kept[-1]]):
                kept.append((at, label))
        for stretch in self.stretches:
            for number in range(1, math.floor((stretch.end - stretch.begin) / step) + 1):
                at, since = self.x(stretch.begin + number * step), duration(number * step)
                if _apart(at, kept):
                    kept.append((at, f"+{since}" if stretch.begin else since))
        return sorted(mark for mark in kept if mark[0] < WIDTH - RIGHT - 30)


def _apart(at: float, marks: Sequence[tuple[float, str]]) -> bool:
    """Whether there is room for another label."""
    return all(abs(at - mark) > 70 for mark, _ in marks)


_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400, 172800)


def rate(course: Course) -> Markup:
    """Requests settled a second, over time, with the pauses."""
    caption = f"up to {course.rate.most:,.1f} requests settled a second{_paused(course)}{_folded(course)}."
    return _over_time("rate", "Requests settled per second", caption, course, course.rate, ())


def under_way(course: Course) -> Markup:
    """Requests under way at once, over time, with the pauses and the limit as it changed."""
    times = len(course.limits)
    changes = f"; the limit changed {'once' if times == 1 else f'{times} times'}" if times else ""
    caption = f"up to {course.under_way.most:,.0f} requests at once{changes}{_paused(course)}{_folded(course)}."
    return _over_time("concurrency", "Concurrency", caption, course, course.under_way, course.limits)


def _paused(course: Course) -> str:
    if not course.paused:
        return ""
    reasons = list(dict.fromkeys(pause.reason for pause in course.pauses))
    more = ", …" if len(reasons) > 5 else ""
    return f"; {course.paused:,} pauses (shaded): {short(', '.join(reasons[:5]))}{more}"


def _folded(course: Course) -> str:
    gaps = len(course.stretches) - 1
    return f"; {gaps} {'gap' if gaps == 1 else 'gaps'} without requests folded" if gaps else ""


def _over_time(
    name: str,
    title: str,
    caption: str,
    course: Course,
    series: Series,
    limits: Sequence[tuple[float, float]],
) -> Markup:
    axis = _Axis(course.stretches)
    top = _round_up(max([series.most, *(limit for _, limit in limits)]))
    inside = [_pause(axis, pause) for pause in course.pauses]
    inside += _grid(top)
    inside += [
        _area(axis, points, stretch, top) for points, stretch in zip(series.points, course.stretches, strict=True)
    ]
    if limits:
        inside.append(_steps(axis, limits, top))
    inside += _time_axis(axis)
    return figure(name, title, caption, *inside)


def _pause(axis: _Axis, pause: Pause) -> Markup:
    begin, end = axis.x(pause.at), axis.x(pause.at + pause.seconds)
    hint = element("title", f"paused {pause.seconds:g} s: {short(pause.reason)}")
    height = HEIGHT - TOP - BOTTOM
    return element("rect", hint, x=_n(begin), y=TOP, width=_n(max(end - begin, 1)), height=height, class_="pause")


def _grid(top: float) -> list[Markup]:
    lines = []
    for part in (0, 0.5, 1):
        y = _y(top * part, top)
        lines.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=_n(y), y2=_n(y), class_="grid"))
        lines.append(element("text", f"{top * part:,.6g}", x=LEFT - 6, y=_n(y + 4), class_="end"))
    return lines


def _area(axis: _Axis, points: Sequence[tuple[float, float]], stretch: Stretch, top: float) -> Markup:
    """Values as steps, filled."""
    floor = _n(_y(0, top))
    path = [f"M{_n(axis.x(stretch.begin))} {floor}"]
    ends = [at for at, _ in points[1:]] + [stretch.end]
    for (at, value), end in zip(points, ends, strict=True):
        path.append(f"L{_n(axis.x(at))} {_n(_y(value, top))}H{_n(axis.x(end))}")
    return element("path", d=f"{''.join(path)}V{floor}Z", class_="area")


def _steps(axis: _Axis, limits: Sequence[tuple[float, float]], top: float) -> Markup:
    end = axis.x(axis.stretches[-1].end)
    path: list[str] = []
    for number, (at, value) in enumerate(limits):
        until = axis.x(limits[number + 1][0]) if number + 1 < len(limits) else end
        path.append(f"{'L' if path else 'M'}{_n(axis.x(at))} {_n(_y(value, top))}H{_n(max(until, axis.x(at)))}")
    return element("path", d="".join(path), class_="limit")


def _time_axis(axis: _Axis) -> list[Markup]:
    floor = HEIGHT - BOTTOM
    drawn = [element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=floor, y2=floor, class_="axis")]
    for at, gap in axis.folds():
        hint = element("title", f"{duration(gap)} without requests")
        drawn.append(element("rect", hint, x=_n(at), y=TOP, width=FOLD, height=floor - TOP, class_="fold"))
    for number, (at, label) in enumerate(axis.marks()):
        anchor, minor = ("start" if number == 0 else "middle"), ("minor" if number % 2 else None)
        drawn.append(element("text", label, x=_n(at), y=HEIGHT - 8, text_anchor=anchor, class_=minor))
    return drawn


def latencies(took: Latency) -> Markup:
    """The distribution of latencies, on a logarithmic axis."""
    named = ", ".join(f"{milliseconds(value)} ({_rank(rank)})" for rank, value in took.percentiles.items())
    top = _round_up(float(max(took.counts)))
    low, high = math.log(took.bounds[0]), math.log(took.bounds[-1])
    scale = (WIDTH - LEFT - RIGHT) / (high - low)
    inside = _grid(top)
    for count, begin, end in zip(took.counts, took.bounds, took.bounds[1:], strict=False):
        x, x_end, y = LEFT + (math.log(begin) - low) * scale, LEFT + (math.log(end) - low) * scale, _y(count, top)
        label = element("title", f"{milliseconds(begin)} to {milliseconds(end)}: {count:,}")
        height = HEIGHT - BOTTOM - y
        if count:
            inside.append(
                element("rect", label, x=_n(x), y=_n(y), width=_n(x_end - x - 1), height=_n(height), class_="bar")
            )
    floor = HEIGHT - BOTTOM
    inside.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=floor, y2=floor, class_="axis"))
    inside.append(element("text", milliseconds(took.bounds[0]), x=LEFT, y=HEIGHT - 8))
    inside.append(element("text", milliseconds(took.bounds[-1]), x=WIDTH - RIGHT, y=HEIGHT - 8, text_anchor="end"))
    return figure("latency", "Latency of answers", f"{named}; the axis is logarithmic.", *inside)


def _rank(percentile: int) -> str:
    return {50: "median", 100: "slowest"}.get(percentile, f"{percentile} %")


def milliseconds(value: float) -> str:
    """A latency for people."""
    return duration(value / 1e3) if value >= 1000 else f"{value:.3g} ms"


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, …; at least 1."""
    if value <= 1:
        return 1.0
    magnitude = 10.0 ** math.floor(math.log10(value))
    return next(step * magnitude for step in (1, 2, 5, 10) if step * magnitude >= value)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value / top, 1.0)


def _n(value: float) -> str:
    """A coordinate: one decimal is enough."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
