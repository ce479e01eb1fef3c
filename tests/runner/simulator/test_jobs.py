"""Backfill jobs, booking date jobs and journal runs, from creation to result."""

from __future__ import annotations

import csv
import io
import zipfile
from hashlib import md5
from typing import Any

import aiohttp
import pytest

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import Caller, Response, calling

JOBS = "/v1/uno/data-backfill/jobs"
DATES = "/v1/uno/data-backfill/bookingdate/jobs"
RUNS = "/v1/journal-runs"
CSV = b'ID,#Name,Rule\na1,first,R1\nBAD2,second,R2\na3,"third\nline",R3\n'


async def upload(
    caller: Caller,
    content: bytes = CSV,
    *,
    name: str = "charges.csv",
    type_: str | None = "RatePlanCharge",
    checksum: str | None = None,
) -> Response:
    """One data backfill job."""
    form = aiohttp.FormData()
    if type_ is not None:
        form.add_field("type", type_)
    form.add_field("checksum", checksum or md5(content).hexdigest())
    form.add_field("file", io.BytesIO(content), filename=name, content_type="text/csv")
    return await caller.ask("POST", JOBS, data=form)


async def backfilled(caller: Caller, clock: ManualClock, **more: Any) -> dict[str, Any]:
    """The job of one upload, once it is over."""
    created = await upload(caller, **more)
    await clock.advance(1)
    return (await caller.ask("GET", f"{JOBS}/{created.json['jobId']}")).json["job"]


def zipped(name: str, content: bytes) -> bytes:
    """A zip of one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


def spoiled(archive: bytes) -> bytes:
    """The zip, which now says of its file that it is encrypted."""
    begin = archive.index(b"PK\x01\x02") + 8
    return archive[:begin] + b"\x01" + archive[begin + 1 :]


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


@pytest.mark.parametrize(
    ("category", "more"),
    [
        (22, {"type_": None}),
        (20, {"type_": "Colours"}),
        (20, {"checksum": "0" * 32}),
        (20, {"name": "charges.xlsx"}),
        (20, {"name": "charges.zip"}),
        (20, {"content": zipped("notes.txt", CSV), "name": "charges.zip"}),
        (20, {"content": spoiled(zipped("charges.csv", CSV)), "name": "charges.zip"}),
        (20, {"content": b"ID,Rule\n"}),
        (20, {"content": b"ID\n\xff\n"}),
        (20, {"content": b"ID\n" + b"a" * (4 * 1024 * 1024)}),
    ],
)
async def test_uploads_that_are_refused(category: int, more: dict[str, Any]) -> None:
    """Type, checksum, file name, content and size are checked; no job comes of it."""
    async with calling() as caller:
        assert (await upload(caller, **more)).category == category
        assert (await caller.ask("GET", "/v1/uno/data-backfill/listjobs")).json["jobs"] == []


async def test_4_mb_are_allowed() -> None:
    """4,194,304 bytes, not one more."""
    largest = b"I\n" + (b"a" * 511 + b"\n") * (8 * 1024)
    largest = largest[:-2]
    async with calling() as caller:
        assert (await upload(caller, largest)).json["success"] is True
        assert (await upload(caller, largest + b"a")).category == 20


async def test_a_body_that_is_no_form() -> None:
    """Category 90."""
    async with calling() as caller:
        assert (await caller.ask("POST", JOBS, json={"type": "RatePlanCharge"})).category == 90


async def test_a_backfill_knows_no_idempotency_key() -> None:
    """The same upload twice is two jobs, and a doubled effect."""
    async with calling() as caller:
        caller.headers["Idempotency-Key"] = "k"
        ids = {(await upload(caller)).json["jobId"] for _ in range(2)}
        assert len(ids) == 2
        assert caller.effects(JOBS) == [2]
        stats = (await caller.ask("GET", "/_sim/stats")).json
        assert (stats["uploads"], stats["doubled"]) == ({"charges.csv": 2}, 1)


@pytest.mark.parametrize("path", ["/v1/uno/data-backfill/listjobs", "/v1/uno/date-backfill/listjobs"])
async def test_lists_have_pages(path: str) -> None:
    """The newest first, 20 to a page and 40 at most."""
    async with calling() as caller:
        for number in range(45):
            await upload(caller, name=f"part-{number}.csv")
        first = (await caller.ask("GET", path)).json
        assert [job["uploadedFileName"] for job in first["jobs"]] == [f"part-{n}.csv" for n in range(44, 24, -1)]
        third = (await caller.ask("GET", f"{path}?page=3")).json
        assert len(third["jobs"]) == 5
        assert "nextPage" not in third
        wide = (await caller.ask("GET", f"{path}?pageSize=100")).json
        assert len(wide["jobs"]) == 40
        rest = (await caller.ask("GET", wide["nextPage"])).json
        assert len(rest["jobs"]) == 5
        assert (await caller.ask("GET", f"{path}?page=0")).category == 27


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


async def test_jobs_that_fail() -> None:
    """By the name of the file, by share, and rows by share."""
    clock = ManualClock()
    async with calling(Options(), clock) as caller:
        job = await backfilled(caller, clock, name="FAIL.csv")
        assert (job["status"], job["processedCount"]) == ("Failed", 0)
        assert job["failureMessage"]
        caller.simulator.change(job_failures=1.0)
        assert (await backfilled(caller, clock))["status"] == "Failed"
        caller.simulator.change(job_failures=0.0, bad_rows=1.0)
        assert (await backfilled(caller, clock))["failedCount"] == 3


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


def journal(**changes: Any) -> dict[str, Any]:
    """The body of a journal run; None leaves a field out."""
    body = {
        "accountingPeriodName": "Nov-2026",
        "journalEntryDate": "2026-11-30",
        "transactionTypes": [{"type": "Invoice Item"}, {"type": "Revenue Event Item"}],
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        (0, {}),
        (0, {"accountingPeriodName": None, "targetStartDate": "2026-11-01", "targetEndDate": "2026-11-30"}),
        (0, {"organizationLabels": [{"organizationName": "o"}]}),
        (22, {"journalEntryDate": None}),
        (22, {"transactionTypes": None}),
        (22, {"accountingPeriodName": None}),
        (22, {"accountingPeriodName": None, "targetStartDate": "2026-11-01"}),
        (22, {"accountingPeriodName": None, "targetEndDate": "2026-11-01"}),
        (20, {"accountingPeriodName": ""}),
        (20, {"targetStartDate": "2026-11-01", "targetEndDate": "2026-11-30"}),
        (20, {"journalEntryDate": "30.11.2026"}),
        (20, {"journalEntryDate": "2026-02-30"}),
        (20, {"journalEntryDate": "2026-W48-1"}),
        (20, {"journalEntryDate": 20261130}),
        (20, {"transactionTypes": []}),
        (20, {"transactionTypes": ["Invoice Item"]}),
        (20, {"transactionTypes": [{"type": "Invoice item"}]}),
        (20, {"transactionTypes": [{"type": []}]}),
        (20, {"organizationLabels": "o"}),
        (21, {"period": "Nov-2026"}),
        (30, {"accountingPeriodName": None, "targetStartDate": "2026-12-01", "targetEndDate": "2026-11-30"}),
    ],
)
async def test_journal_run_bodies(expected: int, changes: dict[str, Any]) -> None:
    """Operation "Create a journal run"."""
    async with calling() as caller:
        response = await caller.ask("POST", RUNS, json=journal(**changes))
        assert (0 if response.json["success"] else response.category) == expected
        assert caller.effects(RUNS) == [1 if expected == 0 else 0]


async def test_a_journal_run_runs_its_course() -> None:
    """Pending, Processing, Completed; the number is the next of a series."""
    clock = ManualClock()
    async with calling(Options(job_seconds=8.0), clock) as caller:
        created = await caller.ask("POST", RUNS, json=journal(), headers={"Idempotency-Key": "k"})
        assert created.json == {"success": True, "journalRunNumber": "JR-00000001"}
        seen = []
        for _ in range(4):
            run = (await caller.ask("GET", f"{RUNS}/JR-00000001")).json
            seen.append(run["status"])
            await clock.advance(3)
        assert seen == ["Pending", "Processing", "Processing", "Completed"]
        assert (run["targetStartDate"], run["targetEndDate"]) == ("2026-11-01", "2026-11-30")
        assert run["totalJournalEntryCount"] == 6
        assert run["transactionTypes"] == journal()["transactionTypes"]
        assert (await caller.ask("PUT", f"{RUNS}/JR-00000001/cancel")).category == 30
        assert (await caller.ask("DELETE", f"{RUNS}/JR-00000001")).category == 30


async def test_journal_runs_are_cancelled_and_deleted() -> None:
    """Processing, CancelInprogress, Cancelled, DeleteInprogress, gone."""
    clock = ManualClock()
    async with calling(Options(job_seconds=8.0), clock) as caller:
        await caller.ask("POST", RUNS, json=journal())
        path = f"{RUNS}/JR-00000001"

        async def status() -> str:
            return (await caller.ask("GET", path)).json["status"]

        await clock.advance(3)
        assert (await caller.ask("PUT", f"{path}/cancel")).json == {"success": True}
        assert await status() == "CancelInprogress"
        await clock.advance(2)
        assert await status() == "Cancelled"
        assert (await caller.ask("DELETE", path)).json == {"success": True}
        assert await status() == "DeleteInprogress"
        await clock.advance(8)
        assert (await caller.ask("GET", path)).category == 40
        assert (await caller.ask("PUT", f"{path}/cancel")).category == 40
        assert (await caller.ask("DELETE", path)).category == 40


async def test_a_journal_run_that_ends_in_error() -> None:
    """By the name of its accounting period."""
    clock = ManualClock()
    async with calling(Options(), clock) as caller:
        await caller.ask("POST", RUNS, json=journal(accountingPeriodName="FAIL-2026"))
        await clock.advance(1)
        assert (await caller.ask("GET", f"{RUNS}/JR-00000001")).json["status"] == "Error"
