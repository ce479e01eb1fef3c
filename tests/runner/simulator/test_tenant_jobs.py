"""Jobs over the whole simulated tenant: booking dates and auto backfill."""

from __future__ import annotations

import pytest

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import calling

DATES = "/v1/uno/data-backfill/bookingdate/jobs"
AUTO = "/v1/uno/data-backfill/propagation/jobs"


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


async def test_an_auto_backfill_job_changes_the_objects_of_its_type() -> None:
    """all charges are newer at its end, unless it was a dry run."""
    clock = ManualClock()
    async with calling(Options(job_seconds=8.0), clock) as caller:
        records, before = caller.simulator.records, clock.now() - 1000
        records.insert("RatePlanCharge", [{"ChargeNumber": f"C-{n}", "UpdatedDate": before} for n in range(3)])
        body = {"type": "RatePlanCharge", "batchSize": 100, "dryRun": True}
        for dry_run, changed in ((True, 0), (False, 3)):
            body["dryRun"] = dry_run
            headers = {"Idempotency-Key": f"k{dry_run}"}
            created = [await caller.ask("POST", AUTO, json=body, headers=headers) for _ in range(2)]
            assert created[0].body == created[1].body
            await clock.advance(8)
            job = (await caller.ask("GET", f"{AUTO}/{created[0].json['jobId']}")).json["job"]
            assert job.items() >= {**body, "status": "COMPLETED", "progress": "100.00%"}.items()
            assert isinstance(job["createdOn"], int)
            assert job["updatedByUsername"]
            updated = [row["updateddate"].timestamp() for row in records.rows("RatePlanCharge")]
            assert sum(moment > before for moment in updated) == changed
        assert len((await caller.ask("GET", AUTO)).json["jobs"]) == 2
        assert (await caller.ask("GET", DATES)).json["jobs"] == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"type": "Invoice"},
        {"type": "OrderLineItem", "batchSize": 0},
        {"type": "OrderLineItem", "batchSize": 1001},
        {"type": "OrderLineItem", "batchSize": "10"},
        {"type": "OrderLineItem", "dryRun": "no"},
    ],
)
async def test_auto_backfill_jobs_that_cannot_be(body: object) -> None:
    """Two types, 1 to 1000 in a batch, a boolean."""
    async with calling(Options()) as caller:
        response = await caller.ask("POST", AUTO, json=body)
        assert response.category in (20, 90)
        assert (await caller.ask("GET", AUTO)).json["jobs"] == []
