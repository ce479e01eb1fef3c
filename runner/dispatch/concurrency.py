"""How many requests at once: grows while answers come well, halves when the tenant objects. Pure; knows no Zuora.

Additive increase, multiplicative decrease; the level at which it was refused is remembered, and tried again only
after ever more good answers, so that a run settles just below it.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from runner.domain.model import Limits

SETTLING_SECONDS = 1.0  # the tenant refreshes what remains once a second
FIRST_PROBE = 200  # good answers before a level that was refused is tried again; doubles each time it is refused
LONGEST_PROBE = 10_000
NEAR_NONE = 1  # Concurrency-Limit-Remaining: so few left is as good as none


@dataclass(frozen=True, slots=True)
class Change:
    """A new limit, and why."""

    before: int
    after: int
    reason: str


class Concurrency:
    """The limit of requests at once: between 1 and `ceiling`, from a quarter of it."""

    def __init__(self, ceiling: int, share: float = 0.8) -> None:
        self.ceiling = ceiling
        self.limit = max(1, ceiling // 4)
        self._share = share
        self._most = ceiling  # what the tenant's own limit leaves us
        self._refused_at: int | None = None
        self._good = 0
        self._probe = FIRST_PROBE
        self._cut_at = -math.inf
        self._refusals: Counter[str] = Counter()

    def well(self) -> Change | None:
        """A good answer."""
        self._good += 1
        if self.limit >= self._most or self._good < self._needed():
            return None
        if self._refused_at is not None and self.limit + 1 >= self._refused_at:
            self._refused_at = self.limit + 2
        return self._set(self.limit + 1, f"{self._good} good answer{'s' * (self._good != 1)}")

    def refused(self, what: str, began: float, now: float) -> Change | None:
        """The tenant answered "too many at once" (`what`: 429, category 70) to a request sent at `began`.

        One sent before the last cut says nothing of the level after it.
        """
        self._refusals[what] += 1
        if began < self._cut_at:
            return None
        if self._refused_at is not None:
            self._probe = min(LONGEST_PROBE, self._probe * 2)
        self._refused_at = self.limit
        return self._cut(now, ", ".join(f"{count} × {name}" for name, count in self._refusals.items()))

    def adopt(self, limits: Limits, now: float) -> Change | None:
        """What the headers say: the tenant's limit, of which a share is left to others, and what remains of it."""
        if limits.concurrency is None:
            return None
        reserve = math.ceil(limits.concurrency * (1 - self._share))
        self._most = max(1, min(self.ceiling, limits.concurrency - reserve))
        if self.limit > self._most:
            return self._set(self._most, f"the tenant allows {limits.concurrency}, {reserve} are left to others")
        remaining = limits.concurrency_remaining
        if remaining is None or remaining > NEAR_NONE or now - self._cut_at < SETTLING_SECONDS:
            return None
        return self._cut(now, f"{remaining} of {limits.concurrency} remain")

    def _needed(self) -> int:
        """How many good answers the next step takes: one at first, then as many as go at once, or a probe's."""
        if self._refused_at is None:
            return 1
        return self._probe if self.limit + 1 >= self._refused_at else self.limit

    def _cut(self, now: float, reason: str) -> Change | None:
        self._cut_at = now
        return self._set(max(1, self.limit // 2), reason)

    def _set(self, limit: int, reason: str) -> Change | None:
        before, self.limit = self.limit, limit
        self._good = 0
        self._refusals.clear()
        return Change(before, limit, reason) if limit != before else None
