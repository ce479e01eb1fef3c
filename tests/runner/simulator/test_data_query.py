"""Data queries of the simulator: jobs, files, and as much SQL as an audit asks."""

from __future__ import annotations

import csv
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from runner.simulator import Options, serving_in_thread


class Tenant:
    """A simulator as a client sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        form = b"client_id=a&client_secret=b&grant_type=client_credentials"
        with urllib.request.urlopen(f"{url}/oauth/token", form) as answer:
            self._token = json.load(answer)["access_token"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def regenerate(self, name: str) -> list[str]:
        body = {"type": "Subscription", "subscriptionName": name, "subscriptionVersion": 1}
        return self.ask("POST", "/v1/uno-regenerate/booking-transaction", body)["idList"]

    def job(self, sql: str) -> dict[str, Any]:
        query = {"query": sql, "outputFormat": "CSV", "compression": "NONE", "output": {"target": "S3"}}
        return self.ask("POST", "/query/jobs", query)["data"]

    def rows(self, sql: str) -> list[dict[str, str]]:
        with urllib.request.urlopen(self.job(sql)["dataFile"]) as answer:
            return list(csv.DictReader(io.TextIOWrapper(answer, "utf-8")))


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with serving_in_thread(Options(job_seconds=0)) as serving:
        yield Tenant(serving.url)


def test_the_transactions_of_what_was_regenerated(tenant):
    """By id, by time, by what names the object; with the columns that are asked for."""
    ids, others = tenant.regenerate("A-1"), tenant.regenerate("O'Neill")
    rows = tenant.rows("SELECT * FROM bookingtransaction")
    assert sorted(row["id"] for row in rows) == sorted([*ids, *others])
    assert tenant.rows(f"select id from BookingTransaction where id in ('{ids[0]}', 'none')") == [{"id": ids[0]}]
    named = tenant.rows("SELECT id, transactiontype FROM bookingtransaction WHERE subscriptionnumber = 'O''Neill';")
    assert [row["id"] for row in named] == others
    assert {row["transactiontype"] for row in named} == {"Subscription"}
    since = "SELECT id FROM bookingtransaction WHERE updateddate >= TIMESTAMP '2000-01-01 00:00:00'"
    assert len(tenant.rows(since)) == len(rows)
    assert tenant.rows(f"{since} AND updateddate <= TIMESTAMP '2000-01-02 00:00:00'") == []
    assert tenant.rows("SELECT id FROM billingtransaction") == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM account",
        "SELECT colour FROM bookingtransaction",
        "SELECT * FROM bookingtransaction WHERE colour = 'red'",
        "SELECT * FROM bookingtransaction WHERE id LIKE 'x'",
        "DELETE FROM bookingtransaction",
    ],
)
def test_what_it_does_not_understand_fails(tenant, sql):
    """As a job that failed."""
    assert tenant.job(sql)["queryStatus"] == "failed"


def test_a_job_takes_its_time():
    """accepted, in_progress, then completed with a file; until then there is none. It can be cancelled."""
    with serving_in_thread(Options(job_seconds=3600)) as serving:
        tenant = Tenant(serving.url)
        job = tenant.job("SELECT * FROM bookingtransaction")
        assert job["queryStatus"] == "accepted"
        assert "dataFile" not in job
        assert tenant.ask("DELETE", f"/query/jobs/{job['id']}")["data"]["queryStatus"] == "cancelled"
        assert tenant.ask("GET", f"/query/jobs/{job['id']}")["data"]["queryStatus"] == "cancelled"


def test_the_file_wants_no_token(tenant):
    """As on S3: the address is the permission, and a token beside it is an error."""
    address = tenant.job("SELECT * FROM bookingtransaction")["dataFile"]
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(urllib.request.Request(address, headers={"Authorization": "Bearer x"}))


@pytest.mark.parametrize("path", ["/query/jobs/none", "/query/files/none.csv"])
def test_what_is_not_there(tenant, path):
    """No such job, no such file."""
    with pytest.raises(urllib.error.HTTPError):
        tenant.ask("GET", path)


def test_a_query_without_its_fields_is_refused(tenant):
    """query, outputFormat, compression and output are required."""
    with pytest.raises(urllib.error.HTTPError, match="400"):
        tenant.ask("POST", "/query/jobs", {"query": "SELECT * FROM bookingtransaction"})
