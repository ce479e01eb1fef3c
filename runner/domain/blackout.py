"""Blackout windows: times of day, in a time zone, in which nothing is sent. Pure; the time is handed in.

A window is written as `06:00-09:00 America/New_York`; one that ends before it begins goes on past midnight. Where the
clocks change, the longer reading counts: a window is never shorter than what any clock on the wall would say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_FORM = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s+([A-Za-z0-9_+\-/]+)")
_DAY = timedelta(days=1)
_CHAIN = 50  # windows that may follow one another without a gap


@dataclass(frozen=True)
class Window:
    """One window, every day. `end` at or before `begin` is on the day after."""

    begin: time
    end: time
    zone: ZoneInfo

    def on(self, day: date) -> tuple[float, float]:
        """Begin and end of the window that begins on that day, in seconds since the epoch."""
        last = day + _DAY if self.end <= self.begin else day
        return min(_readings(day, self.begin, self.zone)), max(_readings(last, self.end, self.zone))

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M} {self.zone}"


def _readings(day: date, clock: time, zone: ZoneInfo) -> list[float]:
    """The moments at which the clocks show this: two in an hour that comes twice, or that is left out."""
    return [datetime.combine(day, clock, zone).replace(fold=fold).timestamp() for fold in (0, 1)]


def parse(text: str) -> Window:
    """Parse a window. Raises ValueError with a message for the user."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"blackout {text!r}: expected something like 06:00-09:00 America/New_York")
    begin, end = _clock(text, match[1], match[2]), _clock(text, match[3], match[4])
    if begin == end:
        raise ValueError(
            f"blackout {text!r}: a window that begins and ends at the same time would be closed all day or never"
        )
    try:
        return Window(begin, end, ZoneInfo(match[5]))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"blackout {text!r}: no time zone {match[5]!r}; use a name such as Europe/Berlin") from None


def _clock(text: str, hours: str, minutes: str) -> time:
    if (hours, minutes) == ("24", "00"):
        return time()
    try:
        return time(int(hours), int(minutes))
    except ValueError:
        raise ValueError(f"blackout {text!r}: {hours}:{minutes} is no time of day") from None


class Blackouts:
    """Several windows as one question: until when is it closed?"""

    def __init__(self, windows: Iterable[Window] = ()) -> None:
        self.windows = tuple(windows)
        self._known = (0.0, 0.0, 0.0)  # from, to: the answer between them

    @classmethod
    def parsed(cls, texts: Iterable[str]) -> Blackouts:
        """Parse several windows. Raises ValueError."""
        return cls(map(parse, texts))

    def __bool__(self) -> bool:
        return bool(self.windows)

    def closed_until(self, now: float) -> float:
        """When sending may go on, in seconds since the epoch; `now` or earlier if nothing is closed."""
        if not self.windows:
            return 0.0
        since, to, answer = self._known
        if not since <= now < to:
            since, to, answer = self._known = self._look_up(now)
        return answer

    def next_begin(self, now: float) -> float | None:
        """When the next window begins."""
        begins = [begin for begin, _ in self._around(now) if begin > now]
        return min(begins, default=None)

    def end_of(self, seconds: float, now: float) -> float:
        """When work of so many seconds ends that begins now and rests in every window."""
        while seconds > 0:
            now = max(now, self.closed_until(now))
            begin = self.next_begin(now)
            if begin is None or now + seconds <= begin:
                return now + seconds
            seconds -= begin - now
            now = begin
        return now

    def __str__(self) -> str:
        return ", ".join(map(str, self.windows))

    def _look_up(self, now: float) -> tuple[float, float, float]:
        """The answer, and from when to when it stays the same."""
        around = self._around(now)
        until = now
        for _ in range(_CHAIN):
            later = max((end for begin, end in around if begin <= until < end), default=until)
            if later == until:
                break
            until = later
            around = self._around(until)
        if until > now:
            return now, until, until
        return now, min((begin for begin, _ in around if begin > now), default=now), 0.0

    def _around(self, now: float) -> list[tuple[float, float]]:
        """The windows of the days before, around and after a moment."""
        windows = []
        for window in self.windows:
            today = datetime.fromtimestamp(now, UTC).astimezone(window.zone).date()
            windows += [window.on(today + days * _DAY) for days in (-2, -1, 0, 1, 2)]
        return windows


ALWAYS_OPEN = Blackouts()
