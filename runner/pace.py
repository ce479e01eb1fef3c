"""How fast: the rate, the concurrency, and the pauses that hold everyone. Knows no Zuora.

A worker passes `enter` before it sends and calls `leave` after. Few tasks wait here (the workers), and one at a
time in the limiter, which keeps no order of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from aiolimiter import AsyncLimiter

FINE_RATE = (
    10.0  # from here on a tenth of a second's share at a time: no opening burst (aiolimiter's bucket starts full)
)


def limiter(rate: float) -> AsyncLimiter:
    """A limiter for `rate` requests a second that lets no burst out."""
    if rate >= FINE_RATE:
        return AsyncLimiter(rate / 10, 0.1)
    return AsyncLimiter(1, 1 / rate)


class Pace:
    """The gate before every request."""

    def __init__(
        self,
        *,
        concurrency: int,
        rate: float | None = None,
        note: Callable[[str, dict[str, Any]], None] = lambda name, facts: None,
    ) -> None:
        self.ceiling = concurrency
        self.limit = concurrency
        self.active = 0
        self._rate = rate
        self._limiter = limiter(rate) if rate else None
        self._turn = asyncio.Lock()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._held_until = 0.0
        self._note = note

    @property
    def ahead(self) -> int:
        """How many requests are worth claiming before they can be sent: at most what a moment lets through."""
        if self._rate is None:
            return self.limit
        return max(1, min(self.limit, int(self._rate / 2)))

    @property
    def held_seconds(self) -> float:
        """How long everyone is held from now on; 0 if nobody is."""
        return max(0.0, self._held_until - asyncio.get_running_loop().time())

    async def enter(self) -> None:
        """Wait for one's turn to send."""
        if self._limiter is None:
            await self._slot()
            return
        async with self._turn:
            await self._slot()
            try:
                await self._limiter.acquire()
                # a pause may have begun meanwhile
                if (held := self.held_seconds) > 0:
                    await asyncio.sleep(held)
            except BaseException:
                self.leave()
                raise

    def leave(self) -> None:
        """Say that the answer is there."""
        self.active -= 1
        self._wake()

    def hold(self, seconds: float, reason: str) -> None:
        """Hold everyone for so long; never shortens a pause."""
        until = asyncio.get_running_loop().time() + seconds
        if until <= self._held_until:
            return
        if self.held_seconds < seconds / 2:
            self._note("paused", {"seconds": round(seconds, 3), "reason": reason})
        self._held_until = until

    def resize(self, limit: int, reason: str) -> None:
        """Let at most `limit` requests be under way at once."""
        limit = max(1, min(limit, self.ceiling))
        if limit != self.limit:
            self._note("concurrency", {"from": self.limit, "to": limit, "reason": reason})
            self.limit = limit
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
