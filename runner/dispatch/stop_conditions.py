"""When an invocation stops before everything is sent, and when nothing is sent for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runner.dispatch.circuit_breaker import Breaker, Ending
from runner.dispatch.run_limits import Tally, Terms
from runner.dispatch.throttle import Pace
from runner.domain.errors import ExitCode
from runner.domain.run_status import RunStatus

Note = Callable[[str, dict[str, Any]], None]


class ClaimBudget:
    """How many requests may still be claimed in this invocation; None: any number."""

    def __init__(self, max_requests: int | None) -> None:
        self.left = max_requests

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may be claimed."""
        return self.left == 0

    def room(self, wanted: int) -> int:
        """How many of `wanted` requests may be claimed."""
        return wanted if self.left is None else min(wanted, self.left)

    def take(self, count: int) -> None:
        """Count claims."""
        if self.left is not None:
            self.left -= count

    def give_back(self) -> None:
        """A claim that was not sent counts no longer."""
        if self.left is not None:
            self.left += 1


class Deadlines:
    """The deadline and the tenant's day: each is a reason to pause the run, resumable."""

    def __init__(self, terms: Terms, pace: Pace) -> None:
        self._terms, self._pace = terms, pace

    def ending(self, now: float, *, unsent_work: bool) -> Ending | None:
        """The ending that is due at `now` (wall clock), if one is."""
        until = self._terms.until
        if until is not None and now >= until:
            return paused("the deadline (--until) has come")
        if not unsent_work:
            return None
        if until is not None and self._terms.blackouts.closed_until(now) >= until:
            return paused(f"the blackout ({self._terms.blackouts}) lasts beyond the deadline (--until)")
        return None

    def quota_ending(self) -> Ending | None:
        """The ending where work is left and the day's share of the quota is not."""
        if self._terms.wait_for_quota or not self._pace.day_is_spent:
            return None
        return paused("our share of the tenant's quota for the day is spent (--wait-for-quota waits)")


class BlackoutGate:
    """Whether a blackout holds everyone just now. It is noted once, and is no part of an outage."""

    def __init__(self, terms: Terms, breaker: Breaker, tally: Tally, note: Note) -> None:
        self._blackouts = terms.blackouts
        self._breaker, self._tally, self._note = breaker, tally, note
        self._closed_since: float | None = None  # loop time

    @property
    def is_closed(self) -> bool:
        """Whether it was closed when last looked at."""
        return self._closed_since is not None

    def look(self, now: float, steady: float) -> bool:
        """Whether it is closed at `now` (wall clock); `steady` is the loop's time."""
        until = self._blackouts.closed_until(now)
        if until > now and self._closed_since is None:
            self._closed_since = steady
            self._note("paused", {"seconds": round(until - now, 3), "reason": f"blackout ({self._blackouts})"})
        elif until <= now and self._closed_since is not None:
            self._breaker.rested(steady - self._closed_since)
            self._tally.rested_seconds += steady - self._closed_since
            self._closed_since = None
            self._note("blackout-over", {})
        return self.is_closed


def paused(reason: str) -> Ending:
    """A stop gracefully; `resume` goes on."""
    return Ending(RunStatus.PAUSED, ExitCode.PAUSED, reason)
