"""The data backfill jobs of the simulated tenant."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import calling
from tests.runner.simulator.test_jobs import CSV, JOBS, backfilled, upload, zipped


async def test_a_backfill_job_runs_its_course() -> None:
    """Pending, Processing, Completed, by the clock alone; then there is a result file."""
    clock = ManualClock()
    async with calling(Options(job_seconds=8.0), clock) as caller:
        path = f"{JOBS}/{(await upload(caller)).json['jobId']}"
        seen = []
        for _ in range(4):
            job = (await caller.ask("GET", path)).json["job"]
            seen.append((job["status"], job["processedCount"], job["completedPercentage"]))
            await clock.advance(3)
        assert seen == [("Pending", 0, 0), ("Processing", 0, 0), ("Processing", 2, 66), ("Completed", 3, 100)]
        assert (job["totalCount"], job["successCount"], job["failedCount"]) == (3, 2, 1)
        assert (job["importType"], job["uploadedFileName"]) == ("RatePlanCharge", "charges.csv")
        assert job["resultFileName"] == "charges_result.zip"
        assert job["uploadedOn"] == "1800000000000"
        assert job["completedOn"] == "1800000008000"


@pytest.mark.parametrize(("name", "content"), [("charges.csv", CSV), ("charges.zip", zipped("charges.csv", CSV))])
async def test_the_result_file(name: str, content: bytes) -> None:
    """The uploaded CSV plus `Success` and `Error Message`, in a zip."""
    clock = ManualClock()
    async with calling(Options(), clock) as caller:
        job = await backfilled(caller, clock, content=content, name=name)
        response = await caller.ask("GET", f"/v1/files/{job['resultFileId']}")
        with zipfile.ZipFile(io.BytesIO(response.body)) as archive:
            assert archive.namelist() == ["charges_result.csv"]
            rows = list(csv.reader(io.StringIO(archive.read("charges_result.csv").decode(), newline="")))
        assert rows[0] == ["ID", "#Name", "Rule", "Success", "Error Message"]
        assert [row[3] for row in rows[1:]] == ["true", "false", "true"]
        assert rows[2][4] == "Record BAD2 not found"
        assert rows[3][1] == "third\nline"


async def test_the_result_is_not_there_before_its_time() -> None:
    """No file id in the job, and no file."""
    async with calling(Options(), ManualClock()) as caller:
        created = await upload(caller)
        job = (await caller.ask("GET", f"{JOBS}/{created.json['jobId']}")).json["job"]
        assert "resultFileId" not in job
        assert (await caller.ask("GET", "/v1/files/" + "0" * 32)).category == 40


async def test_a_backfill_knows_no_idempotency_key() -> None:
    """The same upload twice is two jobs, and a doubled effect."""
    async with calling() as caller:
        caller.headers["Idempotency-Key"] = "k"
        ids = {(await upload(caller)).json["jobId"] for _ in range(2)}
        assert len(ids) == 2
        assert caller.effects(JOBS) == [2]
        stats = (await caller.ask("GET", "/_sim/stats")).json
        assert (stats["uploads"], stats["doubled"]) == ({"charges.csv": 2}, 1)


async def test_stopping_a_backfill_job() -> None:
    """Pending is canceled; Processing goes over Stopping to Stopped; what is over stays."""
    clock = ManualClock()
    async with calling(Options(job_seconds=8.0), clock) as caller:

        async def status(path: str) -> str:
            return (await caller.ask("GET", path)).json["job"]["status"]

        stop = {"json": {"status": "Stopping"}}
        paths = [f"{JOBS}/{(await upload(caller)).json['jobId']}" for _ in range(3)]
        assert (await caller.ask("PUT", paths[0], **stop)).json == {"success": True}
        assert await status(paths[0]) == "Canceled"
        await clock.advance(3)
        assert (await caller.ask("PUT", paths[1], json={"status": "Stopped"})).category == 20
        assert (await caller.ask("PUT", paths[1], json={})).category == 22
        await caller.ask("PUT", paths[1], **stop)
        assert await status(paths[1]) == "Stopping"
        await clock.advance(5)
        assert [await status(path) for path in paths] == ["Canceled", "Stopped", "Completed"]
        assert (await caller.ask("PUT", paths[2], **stop)).category == 30
        assert (await caller.ask("PUT", f"{JOBS}/{'0' * 32}", **stop)).category == 40


async def test_templates() -> None:
    """CSV by type."""
    async with calling() as caller:
        response = await caller.ask("GET", f"{JOBS}/RatePlanCharge/template")
        assert response.headers["Content-Type"].startswith("text/csv")
        assert response.body.startswith(b"ID,#")
        assert (await caller.ask("GET", f"{JOBS}/Colours/template")).category == 20


async def test_a_tenant_has_types_of_its_own() -> None:
    """Whose template it has is uploaded; of the others it knows nothing."""
    async with calling(Options(templates={"OrderLineItem": "ID,#Order Number"})) as caller:
        assert (await caller.ask("GET", f"{JOBS}/OrderLineItem/template")).body == b"ID,#Order Number\n"
        assert (await upload(caller, type_="OrderLineItem")).json["success"]
        assert (await upload(caller, type_="Colours")).category == 20


async def test_where_a_job_names_its_type() -> None:
    """`importType` when it is retrieved, `type` in the list, as published; or as the option says."""
    async with calling(Options(job_seconds=0)) as caller:
        path = f"{JOBS}/{(await upload(caller)).json['jobId']}"
        for option, of_one, of_many in (
            ("published", {"importType"}, {"type"}),
            ("type", {"type"}, {"type"}),
            ("both", {"importType", "type"}, {"importType", "type"}),
        ):
            caller.simulator.change(job_type_key=option)
            job = (await caller.ask("GET", path)).json["job"]
            (listed,) = (await caller.ask("GET", JOBS.replace("/jobs", "/listjobs"))).json["jobs"]
            assert (job.keys() & {"importType", "type"}, listed.keys() & {"importType", "type"}) == (of_one, of_many)
        assert (job["uploadedFileSize"], job["resultFileUrl"]) == (
            f"{len(CSV)}Byte",
            f"/v1/files/{job['resultFileId']}",
        )


async def test_a_completed_job_makes_its_records_newer() -> None:
    """Those that succeeded, when it ends."""
    clock = ManualClock()
    async with calling(Options(job_seconds=8.0), clock) as caller:
        ids = caller.simulator.records.insert("RatePlanCharge", [{"UpdatedDate": clock.now() - 1000}] * 2)
        await upload(caller, content=f"ID,Name\n{ids[0]},x\nBAD{ids[1]},y\n".encode())

        def newer() -> list[str]:
            rows = caller.simulator.records.rows("RatePlanCharge")
            return [row["id"] for row in rows if row["updateddate"].timestamp() >= clock.now() - 10]

        assert newer() == []
        await clock.advance(8)
        assert newer() == ids[:1]
