"""Conversions of option values that click does not know. What cannot be converted is refused before anything else."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runner.dispatch.circuit_breaker import FailureLimit


def local_time(text: str) -> float:
    """HH:MM → its next occurrence, in seconds since the epoch."""
    try:
        from runner.system.timestamps import next_occurrence

        return next_occurrence(text)
    except ValueError:
        raise click.BadParameter(f"{text}: expected HH:MM, local time") from None


def failure_limit(text: str) -> FailureLimit:
    """N or P% → the failure limit of the circuit breaker."""
    from runner.dispatch.circuit_breaker import FailureLimit

    try:
        return FailureLimit.parsed(text)
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
