"""Times as people and files write them: UTC, ISO 8601; in the ledger microseconds since the epoch."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(microseconds: int) -> datetime:
    """The moment so many microseconds after the epoch."""
    return _EPOCH + timedelta(microseconds=microseconds)


def iso(microseconds: int) -> str:
    """A moment as ISO 8601 with microseconds, UTC."""
    second, rest = divmod(microseconds, 1_000_000)
    return f"{_second(second)}.{rest:06d}Z"


@lru_cache(maxsize=1024)  # many answers a second
def _second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat(timespec="seconds").removesuffix("+00:00")


def now_microseconds() -> int:
    """The wall clock."""
    return time.time_ns() // 1000


def utc_offset_minutes() -> int:
    """What the clock of this machine shows beyond UTC, now, in minutes."""
    return time.localtime().tm_gmtoff // 60


def utc_now() -> datetime:
    """The wall clock as a datetime in UTC."""
    return moment(now_microseconds())


def duration(seconds: float) -> str:
    """A duration for people: `45 s`, `12 min`, `3 h 20 min`, `4 days 2 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours else f"{days} days"


def next_occurrence(text: str, now: datetime | None = None) -> float:
    """The next time that the local clock shows HH:MM, in seconds since the epoch. Clocks change twice a year: the
    offset from UTC is the one at that time, not the one now. Raises ValueError."""
    clock = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - local time is what is meant
    now = now or datetime.now()  # noqa: DTZ005 - local time
    then = now.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return (then if then > now else then + timedelta(days=1)).timestamp()
