"""The whole journey against a server that is not the simulator: what is documented, said another way.

Lists tell whole addresses of their next pages, numbers and codes come as strings, words in other cases, the result is a
CSV in a zip with another order of rows, a journal run is pending for a while, and no answer has a header more than it
must. Written from the documentation alone: nothing here knows the simulator.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import hashlib
import io
import threading
from collections.abc import Iterator

import pytest
from aiohttp import web

from tests.harness.journeys import quick, zip_of
from tests.harness.program import folders, table
from tests.runner.plan.test_journal_run import PLAN

JOB = "0" * 31 + "1"


class Tenant:
    """A tenant of one night."""

    def __init__(self) -> None:
        self.uploads: list[tuple[str, bytes]] = []
        self.good = "2"  # how many records the job says that it updated
        self.keys: dict[str, list[str]] = {}  # of each object, those that it came under
        self.looks = 0
        self.posts: list[str] = []

    def application(self) -> web.Application:
        application = web.Application(client_max_size=2**24)
        application.router.add_post("/oauth/token", self.token)
        application.router.add_get("/v1/uno/data-backfill/jobs/{type}/template", self.template)
        application.router.add_post("/v1/uno/data-backfill/bookingdate/jobs", self.created)
        application.router.add_get("/v1/uno/data-backfill/bookingdate/jobs/{job}", self.dates)
        application.router.add_post("/v1/uno/data-backfill/jobs", self.upload)
        application.router.add_get("/v1/uno/data-backfill/listjobs", self.listed)
        application.router.add_get("/v1/uno/date-backfill/listjobs", self.listed)
        application.router.add_get("/v1/uno/data-backfill/jobs/{job}", self.job)
        application.router.add_get("/v1/files/{file}", self.file)
        application.router.add_post("/v1/uno-regenerate/{rest:.*}", self.regenerated)
        application.router.add_post("/v1/journal-runs", self.created)
        application.router.add_get("/v1/journal-runs/{number}", self.run)
        return application

    async def token(self, request: web.Request) -> web.Response:
        return web.json_response({"access_token": "t", "expires_in": 3599, "token_type": "bearer"})

    async def template(self, request: web.Request) -> web.Response:
        return web.Response(body=b"\xef\xbb\xbfID,#Name,Revenue Recognition Rule\r\n", content_type="text/csv")

    async def created(self, request: web.Request) -> web.Response:
        self.posts.append(request.path)
        assert request.headers["Idempotency-Key"]
        return web.json_response({"success": True, "jobId": JOB, "journalRunNumber": "JR-00000009"})

    async def upload(self, request: web.Request) -> web.StreamResponse:
        self.posts.append(request.path)
        assert "Idempotency-Key" not in request.headers
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        content = file.file.read()
        assert form["checksum"] == hashlib.md5(content).hexdigest()
        assert form["type"] == "RatePlanCharge"
        self.uploads.append((file.filename, content))
        request.transport.close()  # the answer is lost
        return web.Response()

    async def listed(self, request: web.Request) -> web.Response:
        if request.query.get("page") != "2":
            others = [{"id": "other", "uploadedFileName": "other.csv", "status": "Completed"}]
            address = f"http://{request.host}{request.path}?page=2"
            return web.json_response({"success": True, "jobs": others, "nextPage": address})
        jobs = [{"id": JOB, "uploadedFileName": name} for name, _ in self.uploads]
        return web.json_response({"success": True, "jobs": jobs})

    async def job(self, request: web.Request) -> web.Response:
        self.looks += 1
        status = ("Pending", "Processing", "Completed")[min(self.looks, 2)]
        job = {"id": JOB, "status": status, "totalCount": "2", "resultFileId": "f1" if self.looks > 1 else None}
        job |= {"successCount": self.good, "failedCount": "0"}
        return web.json_response({"success": True, "job": job})

    async def file(self, request: web.Request) -> web.Response:
        header, *rows = csv.reader(io.StringIO(self.uploads[-1][1].decode()))
        out = io.StringIO()
        csv.writer(out).writerows([[*header, "Success", "Error Message"], *([*row, "TRUE", ""] for row in rows[::-1])])
        return web.Response(body=zip_of(any__csv=out.getvalue().encode()), content_type="application/octet-stream")

    async def dates(self, request: web.Request) -> web.Response:
        return web.json_response({"success": True, "job": {"id": JOB, "status": "COMPLETED", "errorCount": 0}})

    async def regenerated(self, request: web.Request) -> web.Response:
        self.posts.append(request.path)
        assert request.headers["Authorization"] == "Bearer t"
        name = request.query.get("subscriptionNumber") or (await request.json())["subscriptionName"]
        keys = self.keys.setdefault(name, [])
        keys.append(request.headers["Idempotency-Key"])
        if name == "A-GONE":
            return refusal("53100040", "There is no such subscription")
        if name == "A-LOCKED" and len(keys) == 1:
            return refusal("53100050", "Locked by somebody else")
        done = web.json_response({"success": True, "idList": [JOB]}, status=409 if keys.count(keys[-1]) > 1 else 200)
        if name == "A-LOST" and len(keys) == 1:
            request.transport.close()
        return done

    async def run(self, request: web.Request) -> web.Response:
        self.looks += 1
        status = "Completed" if self.looks > 6 else "Processing"
        return web.json_response({"success": True, "number": "JR-00000009", "status": status})


def refusal(code: str, message: str) -> web.Response:
    """A failure, as it is documented: HTTP 200, the code a string."""
    reasons = [{"code": code, "message": message}]
    return web.json_response({"success": False, "processId": "p", "requestId": "q", "reasons": reasons})


@contextlib.contextmanager
def served(tenant: Tenant) -> Iterator[str]:
    """The tenant's address, while it is there."""
    loop, over, address = asyncio.new_event_loop(), asyncio.Event(), []
    ready = threading.Event()

    async def live() -> None:
        runner = web.AppRunner(tenant.application(), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        ready.set()
        await over.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_whole_journey_against_another_server(tmp_path, regen):
    """All steps green; the lost upload is found in the list and not repeated."""
    quick(tmp_path)
    (tmp_path / "charges.csv").write_text("ID,Revenue Recognition Rule\nr1,x\nr2,y\n")
    (tmp_path / "subscriptions.csv").write_text("subscriptionName,subscriptionVersion\nA-1,1\nA-2,1\n")
    (tmp_path / "events.csv").write_text("subscriptionNumber,mode\nA-1,Full\n")
    (tmp_path / "whole.toml").write_text(PLAN)
    tenant = Tenant()
    with served(tenant) as address:
        done = regen("run", "whole.toml", "--base-url", address)
        assert done.code == 0, done.err
    assert len(tenant.uploads) == 1
    assert len(tenant.posts) == 1 + 1 + 2 + 1 + 1
    rows = table(folders(tmp_path / "runs")[0])
    assert [row["regen_state"] for row in rows] == ["succeeded"] * 7
    assert rows[-1]["regen_id_list"] == ["JR-00000009"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_is_refused_locked_or_lost_elsewhere(tmp_path, regen):
    """A refusal fails the row; a lock is tried under the next key; a lost answer comes back as 409 under the same."""
    (tmp_path / "regen.toml").write_text("[profile.p.patience]\nbase_seconds = 0.01\n")
    (tmp_path / "s.csv").write_text("subscriptionName,subscriptionVersion\nA-GONE,1\nA-LOCKED,1\nA-LOST,1\n")
    tenant = Tenant()
    with served(tenant) as address:
        assert regen("run", "s.csv", "--base-url", address, "--profile", "p").code == 3
    gone, locked, lost = table(folders(tmp_path / "runs")[0])
    assert (gone["regen_error_code"], gone["regen_error_category"]) == ("53100040", "not-found")
    assert (locked["regen_state"], locked["regen_generation"], len(set(tenant.keys["A-LOCKED"]))) == ("succeeded", 1, 2)
    assert (lost["regen_state"], lost["regen_replayed"], len(set(tenant.keys["A-LOST"]))) == ("succeeded", True, 1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_job_that_counts_otherwise_than_its_result(tmp_path, regen):
    """The rows stand as the result file has them; `show` says so, and `reconcile` does not hold."""
    quick(tmp_path)
    (tmp_path / "charges.csv").write_text("ID,Revenue Recognition Rule\nr1,x\nr2,y\n")
    tenant = Tenant()
    tenant.good = "1"
    with served(tenant) as address:
        done = regen("backfill", "RatePlanCharge", "charges.csv", "--base-url", address, "--run-id", "it")
    problem = f"{JOB}: the result file has 2 good and 0 bad records and 0 that were not uploaded, the job of 1 and 0"
    assert (done.code, problem in done.out) == (0, True)
    checked = regen("reconcile", "it")
    assert (checked.code, f"row 1: {problem}" in checked.out) == (3, True)
    assert regen("verify", "it").code == 0
