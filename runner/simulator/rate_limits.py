"""The tenant's limits: requests at once, and requests per minute, hour and day.

Source: the guides "Rate limits" and "Concurrent request limits". Requests that fail count; those that the limiter
refuses do not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from runner.simulator.context import World

WINDOWS = (60, 3600, 86400)

QUOTAS: Mapping[str, tuple[int, int, int]] = {
    "production": (50_000, 2_250_000, 27_000_000),
    "central-sandbox": (50_000, 2_250_000, 27_000_000),
    "developer-sandbox": (12_500, 25_000, 50_000),
    "api-sandbox": (2_500, 5_000, 10_000),
}
TOKENS_A_MINUTE = 2_000
TOKENS_A_MINUTE_OF_ONE_ADDRESS = 100


class Window:
    """A limit for each stretch of so many seconds, counted from the epoch."""

    def __init__(self, seconds: int, limit: int) -> None:
        self.seconds = seconds
        self.limit = limit
        self._stretch = -1
        self._used = 0

    def remaining(self, now: float) -> int:
        """How many requests the present stretch still allows."""
        stretch = int(now // self.seconds)
        if stretch != self._stretch:
            self._stretch, self._used = stretch, 0
        return max(0, self.limit - self._used)

    def reset_seconds(self, now: float) -> int:
        """Whole seconds until the next stretch begins."""
        return max(1, math.ceil(self.seconds - now % self.seconds))

    def use(self) -> None:
        """Count one request."""
        self._used += 1


class Quotas:
    """The three windows of every tenant."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._windows: dict[str, list[Window]] = {}
        self._shape: object = None

    def refusal_seconds(self, tenant: str) -> int | None:
        """Count one request, and return None; or, if there is no quota left, how long to wait."""
        now = self._world.now()
        windows = self._of(tenant)
        spent = [window.reset_seconds(now) for window in windows if not window.remaining(now)]
        if spent:
            return max(spent)
        for window in windows:
            window.use()
        return None

    def headers(self, tenant: str) -> dict[str, str]:
        """`ratelimit-*`: first the window closest to exhaustion, in -limit followed by all three."""
        windows = self._of(tenant)
        if not windows:
            return {}
        now = self._world.now()
        closest = min(windows, key=lambda window: window.remaining(now) / window.limit)
        every = ", ".join(f"{window.limit};w={window.seconds}" for window in windows)
        return {
            "ratelimit-limit": f"{closest.limit}, {every}",
            "ratelimit-remaining": str(closest.remaining(now)),
            "ratelimit-reset": str(closest.reset_seconds(now)),
        }

    def forget(self) -> None:
        """All quotas are whole again."""
        self._windows.clear()

    def _of(self, tenant: str) -> list[Window]:
        options = self._world.options
        if (shape := (options.tenant, options.quota_scale)) != self._shape:
            self._shape = shape
            self._windows.clear()
        if options.tenant == "none":
            return []
        if tenant not in self._windows:
            limits = (scaled(quota, options.quota_scale) for quota in QUOTAS[options.tenant])
            self._windows[tenant] = [Window(*pair) for pair in zip(WINDOWS, limits, strict=True)]
        return self._windows[tenant]


def scaled(quota: int, scale: float) -> int:
    """A quota times the scale, at least one."""
    return max(1, round(quota * scale))


class Gate:
    """Requests at once, by tenant and entity. The header's values are refreshed once a second, as there."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._inside: dict[str, int] = {}
        self._shown: dict[str, tuple[int, int]] = {}
        self.peak = 0

    def enter(self, name: str) -> bool:
        """Whether there is room; if so it is taken."""
        inside = self._inside.get(name, 0)
        if inside >= self._world.options.concurrency:
            return False
        self._inside[name] = inside + 1
        self.peak = max(self.peak, inside + 1)
        return True

    def leave(self, name: str) -> None:
        """Give the room back."""
        self._inside[name] -= 1

    def headers(self, name: str) -> dict[str, str]:
        """`Concurrency-Limit-*`."""
        limit = self._world.options.concurrency
        second = int(self._world.now())
        shown = self._shown.get(name)
        if shown is None or shown[0] != second:
            shown = self._shown[name] = (second, limit - self._inside.get(name, 0))
        return {
            "Concurrency-Limit-Type": "Default",
            "Concurrency-Limit-Limit": str(limit),
            "Concurrency-Limit-Remaining": str(max(0, shown[1])),
        }
