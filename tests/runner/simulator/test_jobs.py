"""Backfill jobs, booking date jobs and journal runs, from creation to result."""

from __future__ import annotations

import io
import zipfile
from hashlib import md5
from typing import Any

import aiohttp

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import Caller, Response, calling

JOBS = "/v1/uno/data-backfill/jobs"
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


def journal(**changes: Any) -> dict[str, Any]:
    """The body of a journal run; None leaves a field out."""
    body = {
        "accountingPeriodName": "Nov-2026",
        "journalEntryDate": "2026-11-30",
        "transactionTypes": [{"type": "Invoice Item"}, {"type": "Revenue Event Item"}],
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}
