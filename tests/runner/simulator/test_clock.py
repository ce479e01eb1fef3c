"""A clock that tests turn by hand."""

from __future__ import annotations

import asyncio

from runner.simulator import ManualClock


async def test_sleepers_wake_in_the_order_of_their_hours():
    """Each at its own time, whatever the order in which they lay down."""
    clock, woken = ManualClock(100.0), []

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.now()))

    tasks = [asyncio.create_task(sleep(seconds)) for seconds in (5, 1, 3, 60)]
    await asyncio.sleep(0)
    await clock.advance(10)
    assert woken == [(1, 101.0), (3, 103.0), (5, 105.0)]
    assert (clock.now(), clock.sleepers) == (110.0, 1)
    tasks[-1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert clock.sleepers == 0
