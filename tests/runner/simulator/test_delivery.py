"""When the work is done and when the answer leaves."""

from __future__ import annotations

import asyncio

import pytest

from runner.simulator import ManualClock
from tests.runner.simulator.conftest import calling, until
from tests.runner.simulator.test_faults import once


@pytest.mark.parametrize(("name", "response"), [("cut-works-on", "silence"), ("503-works-on", "503")])
async def test_work_goes_on_behind_the_answer(name: str, response: str) -> None:
    """409 until it is done; then the saved result."""
    clock = ManualClock()
    async with calling(once(name, work_seconds=3.0), clock) as caller:
        assert await caller.outcome(key="k") == response
        assert caller.effects() == [0]
        assert await caller.outcome(key="k") == "409"
        await clock.advance(3)
        assert caller.effects() == [1]
        assert (await caller.book(key="k")).json["success"] is True
        assert caller.effects() == [1]


async def test_a_slow_answer_does_its_work_late() -> None:
    """A client that has gone does not stop the work."""
    clock = ManualClock()
    async with calling(once("slow", slow_seconds=60.0), clock) as caller:
        impatient = asyncio.create_task(caller.book(key="k"))
        await until(lambda: clock.sleepers == 1)
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
        assert caller.effects() == [0]
        await clock.advance(60)
        assert caller.effects() == [1]
