"""Outages of the simulated tenant."""

from __future__ import annotations

import pytest

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import calling


@pytest.mark.parametrize(("kind", "response"), [("503", "503"), ("silent", "silence")])
async def test_an_outage_by_ordinals(kind: str, response: str) -> None:
    """Requests are counted from 1; the token's was the first."""
    async with calling(Options(outage=(3, 4), outage_kind=kind)) as caller:
        assert [await caller.outcome(number) for number in range(5)] == ["200", response, response, "200", "200"]


async def test_an_outage_on_order() -> None:
    """By requests, by seconds, and an end to it."""
    clock = ManualClock()
    async with calling(Options(), clock) as caller:
        await caller.ask("POST", "/_sim/outage", json={"requests": 1})
        assert [await caller.outcome(number) for number in range(2)] == ["503", "200"]
        await caller.ask("POST", "/_sim/outage", json={"seconds": 10, "kind": "silent"})
        assert await caller.outcome(3) == "silence"
        await clock.advance(10)
        assert await caller.outcome(4) == "200"
        await caller.ask("POST", "/_sim/outage", json={"seconds": 1000})
        await caller.ask("POST", "/_sim/outage", json={})
        assert await caller.outcome(5) == "200"


@pytest.mark.parametrize(("mode", "response"), [("503", "503"), ("silent", "silence")])
async def test_an_outage_by_a_switch(mode: str, response: str) -> None:
    """On until it is switched off, however long that takes."""
    clock = ManualClock()
    async with calling(Options(token_seconds=1e6), clock) as caller:
        await caller.ask("POST", "/_sim/outage", json={"mode": mode})
        assert await caller.outcome(1) == response
        await clock.advance(100_000)
        assert await caller.outcome(2) == response
        await caller.ask("POST", "/_sim/outage", json={"mode": None})
        assert await caller.outcome(3) == "200"
        for wrong in ({"mode": "x"}, {"seconds": "x"}, {"requests": "x"}, {"mode": "503", "seconds": 1}):
            assert (await caller.ask("POST", "/_sim/outage", json=wrong)).status == 400
        assert await caller.outcome(4) == "200"
