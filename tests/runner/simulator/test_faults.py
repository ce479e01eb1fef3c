"""Faults do what their names say, and follow from the seed and the request alone."""

from __future__ import annotations

import pytest

from runner.simulator import FAULTS, Options, parse_fault, parse_outage, parse_rule
from tests.runner.simulator.conftest import calling

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


async def test_each_failure_has_ids_of_its_own() -> None:
    """Else a reply would look like an earlier one, saved."""
    async with calling(Options(faults={"crowded": 1.0})) as caller:
        response = [(await caller.book(key="k")).json for _ in range(2)]
        assert all(response[0][name] != response[1][name] for name in ("requestId", "processId"))


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


async def test_a_share_of_the_requests_meets_a_fault() -> None:
    """Roughly the rate that was asked for."""
    async with calling(Options(faults={"502": 0.25}, fault_arrivals=1)) as caller:
        response = [await caller.outcome(number) for number in range(200)]
        assert 30 <= response.count("502") <= 70


def test_every_fault_explains_itself() -> None:
    """For --help."""
    assert all(fault.about for fault in FAULTS.values())
    assert set(LOST) < set(FAULTS)
