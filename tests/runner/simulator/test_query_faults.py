"""Data queries that go wrong on purpose."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest


@pytest.mark.parametrize(
    ("fault", "state", "reason"),
    [
        ("query-timeout", "failed", "Query exceeded the maximum time limit of 3600.00s"),
        ("query-object", "failed", "failed to process object"),
        ("query-silent", "failed", None),
        ("query-cancelled", "cancelled", None),
        ("query-canceled", "canceled", None),
        ("query-aborted", "aborted", None),
    ],
)
def test_jobs_that_end_badly(tenant, fault, state, reason):
    """The first time that a query is submitted; then the same query is answered."""
    tenant.call("POST", "/_sim/faults", {"query_faults": {fault: 1.0}, "fault_arrivals": 1})
    sql = f"SELECT '{fault}' AS name"
    job = tenant.job(sql)
    assert (job["queryStatus"], job.get("errorMessage"), "dataFile" in job) == (state, reason, False)
    assert tenant.rows(sql) == [{"name": fault}]
    tenant.call("POST", "/_sim/faults", {"query_faults": {}})


def test_files_that_break(tenant):
    """Half a file, or none, the first time."""
    for fault in ("query-file-torn", "query-file-gone"):
        tenant.call("POST", "/_sim/faults", {"query_faults": {fault: 1.0}})
        address = tenant.job(f"SELECT '{fault}' AS name")["dataFile"]
        if fault == "query-file-gone":
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(address)
        else:
            assert urllib.request.urlopen(address).read() == b"name\nquery"
        assert urllib.request.urlopen(address).read().decode() == f"name\n{fault}\n"
    tenant.call("POST", "/_sim/faults", {"query_faults": {}})
