"""Jobs of the simulator's Data Query."""

from __future__ import annotations

import re

from runner.simulator import ManualClock, Options, serving_in_thread
from tests.runner.simulator.conftest import START, Tenant, tenants


def test_a_job_as_published(tenant):
    """Submission and result have the published fields, and no `success`, `reasons` or `jobStatus`."""
    sql = "select Id, UpdatedDate from BookingTransaction;"
    job = tenant.job(sql)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", job["id"])
    assert (
        job.items() >= {"query": sql, "queryStatus": "completed", "sourceData": "LIVE", "useIndexJoin": False}.items()
    )
    assert job.items() >= {"remainingRetries": 3, "retries": 3, "outputRows": len(tenant.ids)}.items()
    assert job["updatedOn"] == "2023-12-20T10:31:05.000Z"
    again = tenant.call("GET", f"/query/jobs/{job['id']}")["data"]
    assert again.keys() == job.keys() - {"retries", "createdOn", "createdByUserEmail"}
    assert re.search(rf"/{job['id']}_\d+\.csv\?X-Amz-", again["dataFile"])


def test_five_run_at_once_and_ten_wait():
    """Each is accepted, then in progress, then completed, or cancelled; an eleventh that waits is refused."""
    clock = ManualClock(START)
    with tenants(clock, query_seconds=100) as tenant:
        jobs = [tenant.job(f"SELECT {number} AS n")["id"] for number in range(10)]

        def states() -> str:
            return "".join(tenant.call("GET", f"/query/jobs/{job}")["data"]["queryStatus"][0] for job in jobs)

        assert states() == "a" * 10
        assert tenant.refusal("POST", "/query/jobs", {**BODY, "query": "SELECT 11"})[0] == 429
        clock._now += 30
        assert states() == "iiiiiaaaaa"
        assert tenant.call("DELETE", f"/query/jobs/{jobs[9]}")["data"]["queryStatus"] == "cancelled"
        assert tenant.call("DELETE", f"/query/jobs/{jobs[0]}")["data"]["queryStatus"] == "cancelled"
        clock._now += 1
        assert states() == "ciiiiiaaac"
        clock._now += 100
        assert states() == "cccccciiic"
        clock._now += 100
        assert states() == "c" * 10
        listed = tenant.call("GET", "/query/jobs?pageSize=3&queryStatus=completed")["data"]
        assert [job["id"] for job in listed] == [jobs[8], jobs[7], jobs[6]]
        assert tenant.call("GET", "/_sim/stats")["dataQueries"] == {"submitted": 10, "peakConcurrency": 5}


BODY = {"query": "SELECT 1", "outputFormat": "CSV", "compression": "NONE", "output": {"target": "S3"}}


def test_another_user_sees_nothing():
    """403 for the job of another, and a list of one's own."""
    with serving_in_thread(Options(job_seconds=0)) as serving:
        mine, theirs = Tenant(serving, "a"), Tenant(serving, "b")
        job = mine.job("SELECT 1")["id"]
        denied = {"code": 1009, "message": f"Access denied for restricted job {job}"}
        assert theirs.refusal("GET", f"/query/jobs/{job}") == (403, denied)
        assert theirs.call("GET", "/query/jobs") == {"data": []}
