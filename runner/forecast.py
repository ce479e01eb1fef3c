"""How long a plan will take at the tenant's pace, and which limit binds."""

from __future__ import annotations

from dataclasses import dataclass

from runner.times import duration
from runner.zuora.tenants import QUOTAS

ASSUMED_LATENCY_SECONDS = 0.25


@dataclass(frozen=True)
class Forecast:
    """The time that a number of requests takes; `binding` names the limit that decides it."""

    requests: int
    seconds: float
    binding: str

    def __str__(self) -> str:
        if self.requests == 0:
            return "nothing to send"
        warning = ""
        if self.seconds > 86_400:
            warning = (
                "; longer than the 24 h for which Zuora keeps a key: use --max-requests or --until for a night's share"
            )
        return f"about {duration(self.seconds)} for {self.requests:,} requests; {self.binding} decides{warning}"


def forecast(requests: int, *, tenant: str, share: float, rate: float | None, concurrency: int) -> Forecast:
    """Forecast a run. Limits by kind of tenant: Zuora API reference, "Rate and concurrent request limits"."""
    choices = [(requests * ASSUMED_LATENCY_SECONDS / concurrency, f"the concurrency of {concurrency}")]
    if rate:
        choices.append((requests / rate, f"--rate {rate:g}"))
    quota = QUOTAS[tenant]
    if quota is not None:
        windows: tuple[tuple[str, int, int], ...] = (
            ("minute", 60, quota.minute),
            ("hour", 3600, quota.hour),
            ("day", 86_400, quota.day),
        )
        for name, length, limit in windows:
            mine = max(1, int(limit * share))
            whole = (requests - 1) // mine  # windows that must pass before the last request may go
            choices.append((float(whole * length), f"the {tenant} limit of {limit:,} a {name}, of which {share:.0%},"))
    seconds, binding = max(choices)
    return Forecast(requests, seconds, binding)
