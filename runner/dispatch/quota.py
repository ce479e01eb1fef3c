"""How much of the tenant's windows is left: rolling counts of what was sent, by this run and those before it.

Source: Zuora API reference, "Rate and concurrent request limits": windows of a minute, an hour and a day, per tenant.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from runner.domain.model import RateLimits

MINUTE, HOUR, DAY = 60, 3600, 86_400
NAMES = {MINUTE: "minute", HOUR: "hour", DAY: "day"}


class Window:
    """At most `limit` requests in any `seconds`; counted in sixtieths of the window, which errs on the safe side."""

    def __init__(self, seconds: int, limit: int) -> None:
        self.seconds, self.limit = seconds, limit
        self.spent = 0
        self._grain = seconds / 60
        self._buckets: deque[list[int]] = deque()  # [which, how many]

    def spend(self, now: float, count: int = 1) -> None:
        """Count requests sent at `now`."""
        self._forget(now)
        bucket = int(now / self._grain)
        if not self._buckets or self._buckets[-1][0] != bucket:
            self._buckets.append([bucket, 0])
        self._buckets[-1][1] += count
        self.spent += count

    def wait_seconds(self, now: float) -> float:
        """How long until the window has room; 0 if it has."""
        self._forget(now)
        if self.spent < self.limit or not self._buckets:
            return 0.0
        return max(0.001, (self._buckets[0][0] + 61) * self._grain - now)

    def _forget(self, now: float) -> None:
        current = int(now / self._grain)
        while self._buckets and self._buckets[-1][0] > current:  # the clock was set back: they count from now
            late = self._buckets.pop()
            if self._buckets and self._buckets[-1][0] >= current:
                self._buckets[-1][1] += late[1]
            else:
                self._buckets.append([current, late[1]])
        oldest = current - 60
        while self._buckets and self._buckets[0][0] < oldest:
            self.spent -= self._buckets.popleft()[1]


class Quota:
    """The windows of a tenant, at our share of them."""

    def __init__(self, limits: Mapping[int, int], share: float) -> None:
        self._share = share
        self.windows = {seconds: Window(seconds, _ours(limit, share)) for seconds, limit in limits.items()}
        self._adopted: RateLimits | None = None

    def spend(self, now: float, count: int = 1) -> None:
        """Count requests sent at `now`."""
        for window in self.windows.values():
            window.spend(now, count)

    def wait(self, now: float) -> tuple[float, int | None]:
        """How long until there is room, and which window binds (its seconds); (0, None) if there is."""
        waits = [(window.wait_seconds(now), seconds) for seconds, window in self.windows.items()]
        longest = max(waits, default=(0.0, None))
        return longest if longest[0] > 0 else (0.0, None)

    def adopt(self, limits: RateLimits) -> bool:
        """Take the windows that the tenant itself reports; returns whether they are new."""
        if limits is self._adopted or limits == self._adopted:
            return False
        self._adopted = limits
        for seconds, limit in limits.windows.items():
            ours = _ours(limit, self._share)
            window = self.windows.setdefault(seconds, Window(seconds, ours))
            window.limit = ours
        return True

    def rate(self) -> float | None:
        """Requests a second that use the minute's window evenly."""
        window = self.windows.get(MINUTE)
        return window.limit / MINUTE if window else None

    def spent(self, seconds: int) -> tuple[int, int]:
        """What is spent of a window, and how much it allows us."""
        window = self.windows.get(seconds)
        return (window.spent, window.limit) if window else (0, 0)


def _ours(limit: int, share: float) -> int:
    return max(1, int(limit * share))
