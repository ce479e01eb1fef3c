"""What the state file keeps, and what the control pages tell and change."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from runner.simulator import ManualClock, Options, Simulator
from tests.runner.simulator.conftest import BOOKING, Caller, calling, subscription, until

from .test_jobs import JOBS, RUNS, journal, upload

DAY = 24 * 3600


def kept(tmp_path: Path, **more: Any) -> Options:
    """Options with a state file."""
    return Options(state=tmp_path / "state.db", token_seconds=10 * DAY, **more)


async def test_keys_effects_and_tokens_survive(tmp_path: Path) -> None:
    """After a restart the same token and the same key give the same answer, and the work is done once."""
    async with calling(kept(tmp_path)) as caller:
        first = await caller.book(key="k")
        headers = caller.headers
    async with calling(kept(tmp_path)) as caller:
        caller.headers = headers
        again = await caller.book(key="k")
        assert (again.status, again.body) == (200, first.body)
        assert again.headers["Zuora-Request-Id"] == first.headers["Zuora-Request-Id"]
        (entry,) = caller.simulator.effects.entries()
        assert (entry.arrivals, entry.keys, len(entry.effects)) == (2, ["k", "k"], 1)


async def test_the_age_of_a_key_survives(tmp_path: Path) -> None:
    """A day after it was set it is gone, restart or not."""
    clock = ManualClock()
    async with calling(kept(tmp_path), clock) as caller:
        first = await caller.book(key="k")
    await clock.advance(DAY)
    async with calling(kept(tmp_path), clock) as caller:
        assert (await caller.book(key="k")).headers["Zuora-Request-Id"] != first.headers["Zuora-Request-Id"]
        assert caller.effects() == [2]


async def test_jobs_and_files_survive(tmp_path: Path) -> None:
    """With their progress, their results and their numbers."""
    clock = ManualClock()
    async with calling(kept(tmp_path), clock) as caller:
        path = f"{JOBS}/{(await upload(caller)).json['jobId']}"
        await caller.ask("POST", RUNS, json=journal())
    await clock.advance(1)
    async with calling(kept(tmp_path), clock) as caller:
        job = (await caller.ask("GET", path)).json["job"]
        assert job["status"] == "Completed"
        assert (await caller.ask("GET", f"/v1/files/{job['resultFileId']}")).body.startswith(b"PK")
        assert (await caller.ask("GET", f"{RUNS}/JR-00000001")).json["status"] == "Completed"
        assert (await caller.ask("POST", RUNS, json=journal())).json["journalRunNumber"] == "JR-00000002"


async def test_faults_go_on_where_they_were(tmp_path: Path) -> None:
    """Arrivals are kept, so a restart does not begin the faults anew."""
    options = kept(tmp_path, faults={"502": 1.0}, fault_arrivals=1)
    async with calling(options) as caller:
        assert await caller.outcome(key="k") == "502"
    async with calling(options) as caller:
        assert await caller.outcome(key="k") == "200"


async def test_what_was_in_progress_is_as_if_it_had_not_begun(tmp_path: Path) -> None:
    """A simulator that ends in the middle of the work has not done it."""
    clock = ManualClock()
    options = kept(tmp_path, faults={"503-works-on": 1.0}, fault_arrivals=1)
    async with calling(options, clock) as caller:
        assert await caller.outcome(key="k") == "503"
    async with calling(options, clock) as caller:
        assert caller.effects() == [0]
        assert await caller.outcome(key="k") == "200"
        assert caller.effects() == [1]


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


async def test_what_effects_tell() -> None:
    """Everything that a proof of exactly-once needs."""
    async with calling(Options(), ManualClock()) as caller:
        caller.headers.update({"Zuora-Track-Id": "t", "Zuora-Entity-Ids": "e", "Zuora-Org-Ids": "o"})
        ids = (await caller.book(key="k", query="?reMigrate=true")).json["idList"]
        await caller.book(key="k", query="?reMigrate=true")
        (identity,) = (await caller.ask("GET", "/_sim/effects")).json["identities"]
        assert identity.pop("id")
        assert identity == {
            "method": "POST",
            "path": "/v1/uno-regenerate/booking-transaction",
            "query": {"reMigrate": "true"},
            "body": {"type": "Subscription", "subscriptionName": "A-S00000001", "subscriptionVersion": 1},
            "entityIds": "e",
            "orgIds": "o",
            "arrivals": 2,
            "failures": 0,
            "keys": ["k", "k"],
            "trackIds": ["t", "t"],
            "effects": [{"key": "k", "ids": ids, "at": 1_800_000_000.0}],
        }


async def test_what_stats_tell() -> None:
    """Counts by status, path, fault and second."""
    async with calling(Options(fault_rules={"A-S00000002": "502"}), ManualClock()) as caller:
        for number in (1, 2, 3):
            await caller.book(number)
        stats = (await caller.ask("GET", "/_sim/stats")).json
        assert stats["requests"] == 4
        assert stats["tokenRequests"] == 1
        assert stats["byStatus"] == {"200": 3, "502": 1}
        assert stats["byFault"] == {"502": 1}
        assert stats["bySecond"] == {"1800000000": 4}
        assert stats["peakConcurrency"] == 1


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
    """The work ends in good order; its key stays in progress until then, and is saved after."""
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


async def test_headers_that_are_no_text_can_be_shown() -> None:
    """Bytes that are no UTF-8 do not spoil the record."""
    async with calling() as caller:
        head = f"POST {BOOKING} HTTP/1.1\r\nHost: x\r\nAuthorization: {caller.headers['Authorization']}\r\n"
        body = json.dumps(subscription()).encode()
        host, port = caller.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head.encode() + b"Idempotency-Key: \xff\r\nConnection: close\r\n")
        writer.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert b'"success":true' in await reader.read()
        writer.close()
        (identity,) = (await caller.ask("GET", "/_sim/effects")).json["identities"]
        assert identity["keys"] == ["\N{REPLACEMENT CHARACTER}"]
