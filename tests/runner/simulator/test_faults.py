"""Faults do what their names say, and follow from the seed and the request alone."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import aiohttp
import pytest

from runner.simulator import FAULTS, ManualClock, Options, parse_fault, parse_outage, parse_rule
from tests.runner.simulator.conftest import BOOKING, Caller, calling, until

LOST = ("drop-before", "lost-answer", "torn-body", "cut-works-on")


def once(name: str, **more: object) -> Options:
    """Every request meets the fault at its first arrival, and none later."""
    return Options(faults={name: 1.0}, fault_arrivals=1, **more)


def test_the_fault_language() -> None:
    """NAME=RATE, TEXT=NAME and FROM-TO; anything else is refused in words."""
    assert parse_fault("lost-answer=0.05") == ("lost-answer", 0.05)
    assert parse_rule("a=b=slow") == ("a=b", "slow")
    assert parse_outage("10-20") == (10, 20)
    for wrong in ("lost-answer", "lost=0.1", "lost-answer=often", "lost-answer=2", "lost-answer=-1", "slow=nan"):
        with pytest.raises(ValueError, match="fault"):
            parse_fault(wrong)
    for wrong in ("20-10", "0-3", "soon"):
        with pytest.raises(ValueError, match="outage"):
            parse_outage(wrong)
    with pytest.raises(ValueError, match="add up"):
        Options(faults={"slow": 0.6, "502": 0.6})
    with pytest.raises(ValueError, match="unknown"):
        Options(fault_rules={"A-S1": "no-such-fault"})


@pytest.mark.parametrize(
    ("name", "response", "done"),
    [
        ("drop-before", "silence", 0),
        ("500", "500", 0),
        ("502", "502", 0),
        ("503", "503", 0),
        ("504", "504", 0),
        ("429", "429", 0),
        ("crowded", "429", 0),
        ("token-expired", "401", 0),
        ("lost-answer", "silence", 1),
        ("500-worked", "500", 1),
        ("502-worked", "502", 1),
        ("503-worked", "503", 1),
        ("504-worked", "504", 1),
        ("torn-body", "silence", 1),
        ("not-json", "200", 1),
        ("html-200", "200", 1),
        ("success-missing", "200", 1),
        ("idlist-missing", "200", 1),
        ("idlist-not-list", "200", 1),
        ("huge-body", "200", 1),
        ("answered-twice", "200", 1),
    ],
)
async def test_the_same_key_heals_what_the_network_broke(name: str, response: str, done: int) -> None:
    """Work is done before the answer or not at all; the second arrival is well, and the effect single."""
    async with calling(once(name, huge_bytes=2_000_000)) as caller:
        assert await caller.outcome(key="k") == response
        assert caller.effects() == [done]
        again = await caller.book(key="k")
        assert again.json["success"] is True
        assert len(again.json["idList"]) in (1, 2, 3)
        assert caller.effects() == [1]
        assert (await caller.ask("GET", "/_sim/stats")).json["byFault"] == {name: 1}


@pytest.mark.parametrize(
    ("name", "category"),
    [("locking", 50), ("internal", 60), ("temporary", 61), ("external", 99), ("crowded-saved", 70)],
)
async def test_a_saved_failure_needs_a_new_key(name: str, category: int) -> None:
    """The same key repeats the failure; new keys fail once or twice in all, then one succeeds."""
    async with calling(once(name)) as caller:
        for number in range(6):
            first = await caller.book(number, key=f"{number}-0")
            again = await caller.book(number, key=f"{number}-0")
            assert first.category == category
            assert first.body == again.body
            later = [await caller.outcome(number, key=f"{number}-{n}") for n in (1, 2)]
            assert later in (["200", "200"], [f"category {category}", "200"])


async def test_wrong_shapes() -> None:
    """What the damaged answers look like."""
    async with calling(once("idlist-not-list")) as caller:
        assert isinstance((await caller.book(1)).json["idList"], str)
        caller.simulator.change({"idlist-missing": 1.0})
        assert (await caller.book(2)).json == {"success": True}
        caller.simulator.change({"success-missing": 1.0})
        assert set((await caller.book(3)).json) == {"idList"}
        caller.simulator.change({"html-200": 1.0})
        assert (await caller.book(4)).headers["Content-Type"] == "text/html"
        caller.simulator.change({"not-json": 1.0})
        assert (await caller.book(5)).body == b"OK"


async def test_a_gzip_stream_that_breaks_off() -> None:
    """The HTTP body is whole, what it holds is not."""
    async with calling(once("torn-gzip")) as caller:
        client = aiohttp.ClientSession(auto_decompress=False)
        async with client, client.post(caller.url + BOOKING, data=b"{}", headers=caller.headers) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            with pytest.raises((EOFError, zlib.error)):
                gzip.decompress(await answer.read())


async def test_each_failure_has_ids_of_its_own() -> None:
    """Else a reply would look like an earlier one, saved."""
    async with calling(Options(faults={"crowded": 1.0})) as caller:
        response = [(await caller.book(key="k")).json for _ in range(2)]
        assert all(response[0][name] != response[1][name] for name in ("requestId", "processId"))


async def test_retry_after_stands_on_429_and_503() -> None:
    """In seconds."""
    async with calling(Options(faults={"503": 0.5, "429": 0.5}, fault_arrivals=1, retry_after=7)) as caller:
        response = [await caller.book(number) for number in range(8)]
        assert {answer.status for answer in response} == {429, 503}
        assert {answer.headers["Retry-After"] for answer in response} == {"7"}


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


MANY = {name: 0.05 for name in ("drop-before", "502", "503", "lost-answer", "torn-body", "not-json", "locking")}


async def outcomes(caller: Caller, order: list[int]) -> dict[int, list[str]]:
    """Three arrivals of each request, in the order given."""
    response: dict[int, list[str]] = {number: [] for number in order}
    for turn in range(3):
        for number in order:
            response[number].append(await caller.outcome(number, key=f"{number}-{turn}"))
    return response


async def test_faults_do_not_depend_on_the_order_of_arrival() -> None:
    """Same seed, other order: same fates. Another seed: others."""

    async def rehearse(seed: int, order: list[int]) -> dict[int, list[str]]:
        async with calling(Options(seed=seed, faults=MANY)) as caller:
            return await outcomes(caller, order)

    forward = list(range(40))
    first = await rehearse(1, forward)
    assert await rehearse(1, forward[::-1]) == first
    assert await rehearse(2, forward) != first
    assert len({response[0] for response in first.values()}) > 3


async def test_faults_end() -> None:
    """After `fault_arrivals` arrivals a request is answered well."""
    async with calling(Options(faults={"502": 1.0}, fault_arrivals=3)) as caller:
        assert [await caller.outcome(key="k") for _ in range(5)] == ["502", "502", "502", "200", "200"]


async def test_a_rule_names_its_victim() -> None:
    """A text in the body or the query decides the fault."""
    async with calling(
        Options(fault_rules={"A-S00000002": "502", "reMigrate=true": "504"}, fault_arrivals=1)
    ) as caller:
        assert [await caller.outcome(number) for number in (1, 2, 3)] == ["200", "502", "200"]
        assert (await caller.book(4, query="?reMigrate=true")).status == 504


async def test_permanent_faults_hold_for_every_key() -> None:
    """An object that is not found, not allowed or not in the right state stays so."""
    for name, category in (("not-found", 40), ("rule", 30), ("no-permission", 10)):
        async with calling(Options(faults={name: 1.0})) as caller:
            response = [await caller.book(key=f"k{n}") for n in range(4)]
            assert {answer.category for answer in response} == {category}
            assert caller.effects() == [0]


async def test_a_share_of_the_requests_meets_a_fault() -> None:
    """Roughly the rate that was asked for."""
    async with calling(Options(faults={"502": 0.25}, fault_arrivals=1)) as caller:
        response = [await caller.outcome(number) for number in range(200)]
        assert 30 <= response.count("502") <= 70


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


def test_every_fault_explains_itself() -> None:
    """For --help."""
    assert all(fault.about for fault in FAULTS.values())
    assert set(LOST) < set(FAULTS)
