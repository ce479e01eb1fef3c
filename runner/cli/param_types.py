"""Conversions of option values that click does not know. What cannot be converted is refused before anything else."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runner.dispatch.circuit_breaker import FailureLimit


def local_time(text: str) -> float:
    """HH:MM → its next occurrence, in seconds since the epoch."""
    try:
        return next_occurrence(text)
    except ValueError:
        raise click.BadParameter(f"{text}: expected HH:MM, local time") from None


def next_occurrence(text: str, now: datetime | None = None) -> float:
    """The next time that the local clock shows HH:MM, in seconds since the epoch. Clocks change twice a year: the
    offset from UTC is the one at that time, not the one now. Raises ValueError."""
    clock = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - local time is what is meant
    now = now or datetime.now()  # noqa: DTZ005 - local time
    then = now.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return (then if then > now else then + timedelta(days=1)).timestamp()


def failure_limit(text: str) -> FailureLimit:
    """N or P% → the failure limit of the circuit breaker."""
    from runner.dispatch.circuit_breaker import FailureLimit

    try:
        if text.endswith("%"):
            share = float(text[:-1]) / 100
            if 0 <= share <= 1:
                return FailureLimit(share=share)
        elif int(text) >= 0:
            return FailureLimit(count=int(text))
    except ValueError:
        pass
    raise click.BadParameter(f"{text}: expected a number of requests or a percentage such as 5%")


def minutes(text: str) -> float:
    """A number of minutes, 0 or more; not NaN."""
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not number >= 0:
        raise click.BadParameter(f"{text}: expected a number of minutes, 0 or more")
    return number


def day(text: str) -> date:
    """An ISO date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text}: expected a date as in 2026-11-30") from None
