"""The race that rotates too early: the real client and the simulator, both on a clock that jumps."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.domain.model import Answer, Request
from runner.ledger import open_writable
from runner.ledger.journal import Journal
from runner.session.session import reopen_unknown
from runner.simulator import Options, Simulator, serving
from runner.zuora.auth import Credentials
from runner.zuora.client import Client, connected
from runner.zuora.connection import Wire
from runner.zuora.operations import BOOKING
from tests.harness.virtual import dispatched, enrolled, now, run_virtually, states

REQUESTS = 3
FALLS_SILENT = ("cut-works-on", "503-works-on", "504-works-on")
IN_FRONT_OF_THE_API = ("500", "502", "503", "504", "429", "crowded", "drop-before")
HARMED_ON_ITS_WAY = ("lost-answer", "torn-body", "html-200", "not-json", "success-missing")
LOOK = "look"  # nothing goes wrong: in progress, or the saved answer

MIX = st.tuples(
    st.sampled_from(FALLS_SILENT),
    st.lists(st.sampled_from((*IN_FRONT_OF_THE_API, *HARMED_ON_ITS_WAY, LOOK, LOOK)), max_size=12),
)


class VirtualClock:
    """The simulator's time is the loop's."""

    def now(self) -> float:
        return now()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Scripted:
    """Sends through the real client; each attempt of a request meets the next fault of its mix."""

    def __init__(self, client: Client, simulator: Simulator, mixes: list[list[str]]) -> None:
        self._client, self._simulator, self._mixes = client, simulator, mixes
        self._rules: dict[str, str] = {}

    async def send(self, request: Request, generation: int, attempt: int) -> Answer:
        mix = self._mixes[request.number - 1]
        fault = mix.pop(0) if mix else LOOK
        text = request.body.decode()
        self._rules.pop(text, None)
        if fault != LOOK:
            self._rules[text] = fault
        self._simulator.change(fault_rules=dict(self._rules))
        return await self._client.send(request, generation, attempt)


def raced(
    path: Path, mixes: list[list[str]], dialect: str, chance: float
) -> tuple[dict[int, tuple[str, Any]], dict[int, list[list[str]]]]:
    """Invocation after invocation until nothing is unknown; what the ledger and the simulator tell of each request."""

    async def main() -> dict[int, list[list[str]]]:
        options = Options(work_seconds=10, replay_dialect=dialect, fault_arrivals=10**9)
        async with serving(options, clock=VirtualClock()) as served:
            wire = Wire(served.url, Credentials("c" * 36, "secret"), concurrency=4)
            async with connected(wire) as client:
                sender = Scripted(client, served.simulator, mixes)
                for _ in range(5):
                    reopen_unknown(Journal(store), 1, resend=False, now=now())
                    await dispatched(store, sender, chance=lambda: chance)
                    if "unknown" not in states(store).values():
                        break
            entries = served.simulator.effects.entries(BOOKING.path)
            return {int(entry.body["subscriptionId"]): [effect.ids for effect in entry.effects] for entry in entries}

    with open_writable(path) as store:
        done = run_virtually(main, grace_seconds=0.002)
        outcomes = store.rows("SELECT request, state, ids FROM outcome ORDER BY seq")  # the last word on each
        return {request: (state, json.loads(ids or "null")) for request, state, ids in outcomes}, done


@settings(max_examples=25, deadline=None)
@given(
    st.lists(MIX, min_size=REQUESTS, max_size=REQUESTS), st.sampled_from(["same", "409", "mixed"]), st.floats(0, 0.99)
)
def test_whatever_the_retries_meet_there_is_one_effect(tmp_path_factory, mixes, dialect, chance):
    """An attempt falls silent while the server works on for ten seconds; told as succeeded, with that effect's ids."""
    path = enrolled(tmp_path_factory.mktemp("race") / "l.db", REQUESTS)
    outcomes, done = raced(path, [[first, *rest] for first, rest in mixes], dialect, chance)
    assert [len(effects) for effects in done.values()] == [1] * REQUESTS
    assert outcomes == {request: ("succeeded", ids) for request, (ids,) in done.items()}
