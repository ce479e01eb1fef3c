"""How fast: the rate, the quota, the concurrency, and the pauses that hold everyone. Knows no Zuora.

A worker passes `enter` before it sends and calls `leave` after. Few tasks wait here (the workers), and one at a
time in the limiter, which keeps no order of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from aiolimiter import AsyncLimiter

from runner.dispatch.concurrency import Change, Concurrency
from runner.dispatch.quota import DAY, HOUR, NAMES, Quota
from runner.domain.model import Limits
from runner.system.clock import Clock

FINE_RATE = 10.0  # from here on a tenth of a second's share at a time: aiolimiter's bucket starts full
REFUSED_SECONDS = (0.5, 30.0)  # a pause where a refusal names none: the first, the longest
SCARCE = 0.01  # of a window: so little left is kept for others until it is reset


def limiter(rate: float) -> AsyncLimiter:
    """A limiter for `rate` requests a second that lets no burst out."""
    if rate >= FINE_RATE:
        return AsyncLimiter(rate / 10, 0.1)
    return AsyncLimiter(1, 1 / rate)


class Pace:
    """The gate before every request. `rate` in requests a second."""

    def __init__(
        self,
        *,
        concurrency: int,
        rate: float | None = None,
        quota: Quota | None = None,
        share: float = 0.8,
        note: Callable[[str, dict[str, Any]], None] = lambda name, facts: None,
        clock: Clock | None = None,
    ) -> None:
        self.ceiling = concurrency
        self.active = 0
        self._concurrency = Concurrency(concurrency, share)
        self._probing = False
        self._wanted_rate = rate
        self._quota = quota or Quota({}, share)
        self._rate: float | None = None
        self._limiter: AsyncLimiter | None = None
        self._turn = asyncio.Lock()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._held_until = 0.0
        self._scarce_until = 0.0  # loop time: the tenant's own count of a long window is nearly used up
        self._refusals = 0
        self._note, self._clock = note, clock or Clock()
        self._set_rate()

    @property
    def limit(self) -> int:
        """How many requests may be under way at once."""
        return 1 if self._probing else self._concurrency.limit

    @property
    def ahead(self) -> int:
        """How many requests are worth claiming before they can be sent: at most what a moment lets through."""
        if self._rate is None:
            return self.limit
        return max(1, min(self.limit, int(self._rate / 2)))

    @property
    def rate(self) -> float | None:
        """Requests a second; None: as fast as they are answered."""
        return self._rate

    @property
    def held_seconds(self) -> float:
        """How long everyone is held from now on; 0 if nobody is."""
        if not self._held_until:
            return 0.0
        return max(0.0, self._held_until - self._clock.steady())

    @property
    def day_is_spent(self) -> bool:
        """Whether the day's share of the tenant's quota is used up, by our count or by the tenant's own."""
        if self._clock.steady() < self._scarce_until:
            return True
        return self._quota.wait(self._clock.now())[1] == DAY

    def enter_at_once(self) -> bool:
        """Take a turn to send that nobody has to wait for; False if there is none."""
        if self._limiter is not None or self._quota.windows or self.active >= self.limit or self.held_seconds > 0:
            return False
        self.active += 1
        return True

    async def enter(self) -> None:
        """Wait for one's turn to send."""
        if self._limiter is None and not self._quota.windows:
            await self._slot()
            return
        async with self._turn:
            await self._slot()
            try:
                await self._wait_for_quota()
                if self._limiter is not None:
                    await self._limiter.acquire()
                if (held := self.held_seconds) > 0:  # a pause may have begun meanwhile
                    await asyncio.sleep(held)
            except BaseException:
                self.leave()
                raise
            self._quota.spend(self._clock.now())

    def leave(self) -> None:
        """Say that the answer is there."""
        self.active -= 1
        self._wake()

    def hold(self, seconds: float, reason: str) -> None:
        """Hold everyone for so long; never shortens a pause."""
        until = self._clock.steady() + seconds
        if until <= self._held_until:
            return
        if self.held_seconds < seconds / 2:
            self._note("paused", {"seconds": round(seconds, 3), "reason": reason})
        self._held_until = until

    def probe(self, probing: bool) -> None:
        """In an outage one request at a time asks whether it is over."""
        if probing == self._probing:
            return
        before, self._probing = self.limit, probing
        self._changed(Change(before, self.limit, "an outage" if probing else "the outage is over"))

    def well(self) -> None:
        """A good answer came."""
        self._refusals = 0
        self._changed(self._concurrency.well())

    def refused(self, what: str, wait_seconds: float | None, began: float) -> None:
        """The tenant answered "too much" to a request sent at `began` (loop time).

        Everyone waits as it asks; ever longer if it keeps refusing without naming a wait.
        """
        self._changed(self._concurrency.refused(what, began, self._clock.steady()))
        first, longest = REFUSED_SECONDS
        backoff = (
            min(longest, first * 2.0 ** min(self._refusals - self.limit, 10)) if self._refusals > self.limit else 0
        )
        self._refusals += 1
        pause = wait_seconds if wait_seconds is not None else backoff
        if pause > 0:
            self.hold(pause, what)

    def adopt(self, limits: Limits) -> None:
        """Take the tenant's limits from a response."""
        self._changed(self._concurrency.adopt(limits, self._clock.steady()))
        if limits.rate is not None and self._quota.adopt(limits.rate):
            self._set_rate()
        self._spare(limits)

    def _spare(self, limits: Limits) -> None:
        """Leave what little remains of a window to others until it is reset."""
        remaining, reset = limits.rate_remaining, limits.rate_reset_seconds
        current = limits.rate.current if limits.rate else None
        if current is None or remaining is None or reset is None:
            return
        if remaining < current * SCARCE:
            if reset > HOUR:  # only the day's window resets so late: as when our own count of it is used up
                self._scarce_until = self._clock.steady() + reset
            self.hold(reset, f"{remaining} of {current} requests remain in the tenant's window")

    def _set_rate(self) -> None:
        rates = [rate for rate in (self._wanted_rate, self._quota.rate()) if rate]
        rate = min(rates) if rates else None
        if rate != self._rate:
            if self._rate is not None:
                self._note("rate", {"from": self._rate, "to": rate, "reason": "the tenant's own limits"})
            self._rate, self._limiter = rate, limiter(rate) if rate else None

    async def _wait_for_quota(self) -> None:
        """Wait until every window has room: for the hour's, say, in the middle of it."""
        while True:
            seconds, window = self._quota.wait(self._clock.now())
            if window is None:
                return
            pause = min(seconds, 60.0)  # the wall clock may jump
            if self.held_seconds < pause:
                self.hold(pause, f"the quota of the {NAMES.get(window, window)} is spent")
            await asyncio.sleep(pause)

    def _changed(self, change: Change | None) -> None:
        if change is None:
            return
        grown = "concurrency-grown" if change.after > change.before else "concurrency"
        self._note(grown, {"from": change.before, "to": change.after, "reason": change.reason})
        self._wake()

    async def _slot(self) -> None:
        loop = asyncio.get_running_loop()
        while self.active >= self.limit or self._held_until > loop.time():
            if self._held_until > loop.time():
                await asyncio.sleep(self._held_until - loop.time())
                continue
            waiter = loop.create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                self._wake()  # the turn may have been ours
                raise
        self.active += 1

    def _wake(self) -> None:
        free = self.limit - self.active
        while free > 0 and self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                free -= 1
