"""How long a plan will take at the tenant's pace, which limit binds, and when it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runner.dispatch.quota import DAY, HOUR, MINUTE, NAMES, Quota
from runner.domain.blackout import ALWAYS_OPEN, Blackouts
from runner.domain.lifetimes import KEY_KEPT_SECONDS
from runner.system.counting import counted
from runner.system.timestamps import duration

ASSUMED_LATENCY_SECONDS = 0.25


@dataclass(frozen=True)
class Forecast:
    """The time that a number of requests takes; `binding` names the limit that decides it, `a_day` how many
    requests a day's quota leaves us (None: no limit by the day)."""

    requests: int
    seconds: float
    binding: str
    a_day: int | None = None

    def lines(self, now: datetime, max_requests: int | None = None, blackouts: Blackouts = ALWAYS_OPEN) -> list[str]:
        """The forecast for people; `now` is local time."""
        if self.requests == 0:
            return ["nothing to send"]
        end = blackouts.end_of(self.seconds, now.timestamp())
        ends = datetime.fromtimestamp(end, now.tzinfo).strftime("%Y-%m-%d %H:%M %Z")
        about = f"about {duration(self.seconds)} for {counted(self.requests, 'request')}"
        lines = [f"{about}, until {ends}; limited by {self.binding}"]
        if (rest := end - now.timestamp() - self.seconds) >= 1:
            lines.append(f"of that time, {duration(rest)} are blackout ({blackouts})")
        if end - now.timestamp() > KEY_KEPT_SECONDS:
            lines.append(
                "longer than its keys last (24 h): rows whose outcome is unknown by then can no longer be sent again"
            )
        if max_requests is not None:
            lines.append(self._nights(max_requests))
        elif self.seconds > KEY_KEPT_SECONDS:
            lines.append(self._nights(self.a_day or self.requests))
        return lines

    def _nights(self, most: int) -> str:
        nights = -(-self.requests // most)
        return f"with --max-requests {most} a night: {nights} {'night' if nights == 1 else 'nights'}"


def forecast(requests: int, *, quota: Quota, rate: float | None, concurrency: int) -> Forecast:
    """Forecast a run from what the quota has left. Limits by kind of tenant: Zuora API reference, "Rate and
    concurrent request limits"."""
    lines = f"the concurrency of {concurrency} (at {ASSUMED_LATENCY_SECONDS:g} s a response)"
    choices = [(requests * ASSUMED_LATENCY_SECONDS / concurrency, lines)]
    if rate:
        choices.append((requests / rate, f"--rate {rate:g}"))
    if (smooth := quota.rate()) is not None:
        choices.append((requests / smooth, f"our share of the minute's quota ({smooth * MINUTE:,.0f})"))
    for length in (HOUR, DAY):
        spent, ours = quota.spent(length)
        if ours:
            choices.append(
                (_waits(requests, spent, ours) * length, f"our share of the {NAMES[length]}'s quota ({ours:,})")
            )
    seconds, binding = max(choices)
    return Forecast(requests, seconds, binding, quota.spent(DAY)[1] or None)


def _waits(requests: int, spent: int, ours: int) -> float:
    """How many windows must pass before the last request may go."""
    beyond = requests - max(0, ours - spent)
    return 0.0 if beyond <= 0 else float(-(-beyond // ours))
