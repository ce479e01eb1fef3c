"""What the state file keeps, and what the control pages tell and change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import calling

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
