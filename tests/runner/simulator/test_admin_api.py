"""The simulator's own API: options, faults and reset while it runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from runner.simulator import ManualClock, Options, Simulator
from tests.runner.simulator.conftest import Caller, calling, until
from tests.runner.simulator.test_store import kept

from .test_jobs import RUNS, journal, upload


async def test_reset(tmp_path: Path) -> None:
    """Effects, keys, jobs and counts go; tokens and options stay, in memory and on disk."""
    async with calling(kept(tmp_path)) as caller:
        await caller.book(key="k")
        await upload(caller)
        await caller.ask("POST", "/_sim/reset")
        await check_emptiness(caller)
        headers = caller.headers
    async with calling(kept(tmp_path)) as caller:
        caller.headers = headers
        await check_emptiness(caller)


async def check_emptiness(caller: Caller) -> None:
    """Nothing was ever requested, as far as anyone can see."""
    assert (await caller.ask("GET", "/_sim/effects")).json == {"identities": [], "effects": 0, "doubled": []}
    assert (await caller.ask("GET", "/_sim/stats")).json["keys"] == 0
    assert (await caller.ask("GET", "/v1/uno/data-backfill/listjobs")).json["jobs"] == []


async def test_options_change_while_it_runs() -> None:
    """Faults as a whole, other options by name; what cannot be is refused in words."""
    async with calling(Options(client_secret="secret")) as caller:
        shown = (await caller.ask("POST", "/_sim/faults", json={"faults": {"502": 1.0}, "latency": 0.001})).json
        assert (shown["faults"], shown["latency"]) == ({"502": 1.0}, 0.001)
        assert "client_secret" not in shown
        assert await caller.outcome() == "502"
        for wrong in ({"faults": {"no": 1}}, {"colour": "red"}, {"replay_dialect": "x"}, {"faults": {"502": 2}}):
            response = await caller.ask("POST", "/_sim/faults", json=wrong)
            assert response.status == 400
            assert response.json["error"]
        assert (await caller.ask("POST", "/_sim/outage", json={"kind": "x"})).status == 400
        assert (await caller.ask("POST", "/_sim/outage", json={"days": 1})).status == 400
        assert (await caller.ask("POST", "/_sim/faults", data=b"{")).status == 400
        assert (await caller.ask("GET", "/_sim/colour")).status == 404
        assert (await caller.ask("GET", "/_sim/options")).json["latency"] == 0.001


def test_options_that_cannot_be() -> None:
    """Refused when they are made."""
    for wrong in ({"tenant": "x"}, {"concurrency": 0}, {"latency": -1.0}, {"code_style": "roman"}):
        with pytest.raises(ValueError, match=r"\w"):
            Options(**wrong)
    assert Simulator().world.options == Options()


@pytest.mark.parametrize(
    "wrong",
    [
        {"latency": "fast"},
        {"concurrency": None},
        {"fault_rules": ["slow"]},
        {"faults": ["slow"]},
        {"fault_paths": "/v1/"},
        {"outage": [20, 10]},
        {"state": "elsewhere.db"},
    ],
)
async def test_options_of_the_wrong_shape_change_nothing(wrong: dict[str, Any]) -> None:
    """400 in words, and the next request is served as before."""
    async with calling() as caller:
        before = (await caller.ask("GET", "/_sim/options")).json
        response = await caller.ask("POST", "/_sim/faults", json=wrong)
        assert (response.status, bool(response.json["error"])) == (400, True)
        assert (await caller.ask("GET", "/_sim/options")).json == before
        assert await caller.outcome() == "200"


async def test_fault_paths_change_while_it_runs() -> None:
    """A list, as JSON has it."""
    async with calling(Options(faults={"502": 1.0}, fault_arrivals=1)) as caller:
        await caller.ask("POST", "/_sim/faults", json={"fault_paths": ["/v1/journal-runs"]})
        assert await caller.outcome() == "200"
        assert (await caller.ask("POST", RUNS, json=journal())).status == 502


async def test_a_reset_amid_the_work() -> None:
    """The work ends gracefully; its key stays in progress until then, and is saved after."""
    clock = ManualClock()
    async with calling(Options(latency=5.0), clock) as caller:
        first = asyncio.create_task(caller.book(key="k"))
        await until(lambda: clock.sleepers == 1)
        await caller.ask("POST", "/_sim/reset")
        assert (await caller.book(key="k")).status == 409
        await clock.advance(5)
        assert (await first).json["success"] is True
        assert (await caller.book(key="k")).body == (await first).body
        assert caller.effects() == [1]
