"""The two clocks of a run as one value, so that a test moves both."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """The wall clock, which may jump, and the event loop's, which does not."""

    def now(self) -> float:
        """Seconds since the epoch: for the ledger, deadlines, blackouts and the tenant's windows."""
        return time.time()

    def steady(self) -> float:
        """Seconds since some moment, always forward: for waits and latencies."""
        return asyncio.get_running_loop().time()
