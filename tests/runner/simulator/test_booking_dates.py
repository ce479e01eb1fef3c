"""The booking date jobs of the simulated tenant."""

from __future__ import annotations

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import calling

DATES = "/v1/uno/data-backfill/bookingdate/jobs"


async def test_a_booking_date_job_runs_its_course() -> None:
    """Its words are capitals; its key is saved."""
    clock = ManualClock()
    async with calling(Options(job_seconds=8.0), clock) as caller:
        created = [await caller.ask("POST", DATES, headers={"Idempotency-Key": "k"}) for _ in range(2)]
        assert created[0].body == created[1].body
        path = f"{DATES}/{created[0].json['jobId']}"
        seen = []
        for _ in range(4):
            job = (await caller.ask("GET", path)).json["job"]
            seen.append((job["status"], job["batchFinishedCount"], job["progress"]))
            await clock.advance(3)
        assert seen[0] == ("ACCEPTED", 0, "0.00%")
        assert [status for status, _, _ in seen[1:3]] == ["PROCESSING"] * 2
        assert seen[3] == ("COMPLETED", 8, "100.00%")
        assert [one["id"] for one in (await caller.ask("GET", DATES)).json["jobs"]] == [job["id"]]
        assert (await caller.ask("PUT", path, json={"status": "Stopping"})).category == 30
        assert (await caller.ask("GET", f"{DATES}/none")).category == 40


async def test_booking_date_jobs_stop_and_fail() -> None:
    """STOPPED, and FAILED with an error counted."""
    clock = ManualClock()
    async with calling(Options(), clock) as caller:
        path = f"{DATES}/{(await caller.ask('POST', DATES)).json['jobId']}"
        assert (await caller.ask("PUT", path, json={"status": "Stopping"})).json == {"success": True}
        assert (await caller.ask("GET", path)).json["job"]["status"] == "STOPPED"
        caller.simulator.change(job_failures=1.0)
        path = f"{DATES}/{(await caller.ask('POST', DATES)).json['jobId']}"
        await clock.advance(1)
        job = (await caller.ask("GET", path)).json["job"]
        assert (job["status"], job["errorCount"]) == ("FAILED", 1)
