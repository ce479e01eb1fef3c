"""Data queries of the simulator against the published request and response shapes, limits and texts."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from runner.simulator import ManualClock, Options, Serving, serving_in_thread

START = 1_703_068_265.0  # 2023-12-20T05:31:05-05:00, the time of the published export


class Tenant:
    """A simulator as a client sees it."""

    def __init__(self, serving: Serving, client: str = "a") -> None:
        self.url, self.records = serving.url, serving.simulator.records
        form = f"client_id={client}&client_secret=b&grant_type=client_credentials".encode()
        with urllib.request.urlopen(f"{self.url}/oauth/token", form) as response:
            self._token = json.load(response)["access_token"]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        every = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", **headers}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, every, method=method)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def refusal(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        with pytest.raises(urllib.error.HTTPError) as refused:
            self.call(method, path, body)
        return refused.value.code, json.load(refused.value)

    def regenerate(self, name: str, query: str = "") -> list[str]:
        body = {"type": "Subscription", "subscriptionName": name, "subscriptionVersion": 1}
        return self.call("POST", f"/v1/uno-regenerate/booking-transaction{query}", body)["idList"]

    def job(self, sql: str, **fields: Any) -> dict[str, Any]:
        body = {"query": sql, "outputFormat": "CSV", "compression": "NONE", "output": {"target": "S3"}, **fields}
        return self.call("POST", "/query/jobs", body)["data"]

    def content(self, sql: str, **fields: Any) -> bytes:
        job = self.job(sql, **fields)
        with urllib.request.urlopen(job["dataFile"]) as response:
            return response.read()

    def rows(self, sql: str, **fields: Any) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.content(sql, **fields).decode())))

    def failure(self, sql: str, **fields: Any) -> str:
        job = self.job(sql, **fields)
        assert (job["queryStatus"], "dataFile" in job) == ("failed", False)
        return job["errorMessage"]


@contextmanager
def tenants(clock: ManualClock | None = None, **options: Any) -> Iterator[Tenant]:
    with serving_in_thread(Options(**{"job_seconds": 0, **options}), clock=clock) as serving:
        yield Tenant(serving)


@pytest.fixture(scope="module")
def tenant() -> Iterator[Tenant]:
    """A tenant in New York at the time of the published export, with one subscription that was regenerated."""
    with tenants(ManualClock(START), time_zone="America/New_York") as made:
        made.ids = made.regenerate("A-S00000116")
        yield made


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


def test_the_text_of_a_result(tenant):
    """Headers in lower case, times in the tenant's zone, nine decimals, empty nulls, LF; NULL may be a value."""
    columns = "Id, UpdatedDate, CurrentCcv, OrderId, IsDoneFlag, AmendmentReason, count(*) OVER ()"
    sql = f"SELECT {columns} FROM bookingtransaction"
    lines = tenant.content(sql).decode().split("\n")
    assert lines[0] == "id,updateddate,currentccv,orderid,isdoneflag,amendmentreason,_col6"
    assert re.fullmatch(
        rf"[0-9a-f]{{32}},2023-12-20T05:31:05-05:00,\d+\.000000000,,false,NULL,{len(tenant.ids)}", lines[1]
    )
    rows = tenant.rows("SELECT * FROM bookingtransaction")
    assert (len(rows[0]), "deleted" in rows[0], list(rows[0])[:3] == ["id", "createdbyid", "updatedbyid"]) == (
        172,
        False,
        False,
    )
    assert rows[0]["salesorderlineid"] == f"{rows[0]['originalrateplanchargeid']}.1"


def test_formats_and_compressions(tenant):
    """JSON Lines with bare numbers, TSV, DSV with its separator; gzip and zip."""
    sql = "SELECT subscriptionnumber, subscriptionversion FROM bookingtransaction LIMIT 1"
    assert json.loads(tenant.content(sql, outputFormat="JSON")) == {
        "subscriptionnumber": "A-S00000116",
        "subscriptionversion": 1,
    }
    assert tenant.content(sql, outputFormat="TSV").decode().splitlines()[1] == "A-S00000116\t1"
    assert tenant.content(sql, outputFormat="DSV", columnSeparator="|").decode().splitlines()[1] == "A-S00000116|1"
    plain = tenant.content(sql)
    assert gzip.decompress(tenant.content(sql, compression="GZIP")) == plain
    with zipfile.ZipFile(io.BytesIO(tenant.content(sql, compression="ZIP"))) as archive:
        assert archive.read(archive.namelist()[0]) == plain


def test_show_and_describe(tenant):
    """`Table`; `Column,Type,Extra,Comment`, with the comment in mixed case; BillingTransaction has no `deleted`."""
    assert {"table": "rateplancharge"} in [{"table": row["Table"]} for row in tenant.rows("SHOW TABLES")]
    lines = tenant.content("SHOW COLUMNS FROM BookingTransaction;").decode().splitlines()
    assert lines[0] == "Column,Type,Extra,Comment"
    assert 'currentccv,"decimal(22,9)",,CurrentCcv' in lines
    assert "updateddate,timestamp with time zone,,UpdatedDate" in lines
    assert "deleted,boolean,,deleted" in lines
    assert len(tenant.rows("DESCRIBE billingtransaction")) == 126
    assert tenant.content("desc subscription") == tenant.content("show columns in Subscription")
    assert "Table owl.data.colours does not exist" in tenant.failure("SHOW COLUMNS FROM colours")
    assert "mismatched input" in tenant.failure("SHOW SCHEMAS")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT colour FROM bookingtransaction", "Column 'colour' cannot be resolved"),
        ("SELECT t.colour FROM bookingtransaction t", "Column 'colour' cannot be resolved"),
        (
            "SELECT id FROM bookingtransaction WHERE subscriptionname = 'x'",
            "Column 'subscriptionname' cannot be resolved",
        ),
        ("SELECT deleted FROM billingtransaction", "Column 'deleted' cannot be resolved"),
        ("SELECT id FROM colours", "line 1:16: Table owl.data.colours does not exist"),
        ("SELECT id FROM revenuelive.colours", "Table owl.revenuelive.colours does not exist"),
        ("DELETE FROM bookingtransaction", "line 1:1: mismatched input 'DELETE'"),
        ("SELECT id FROM account; SELECT 1", "mismatched input ';'"),
        ("SELECT id FROM account WHERE", "mismatched input"),
        ("SELECT 'x FROM account", "mismatched input"),
        ("", "mismatched input '<EOF>'"),
        ("SELECT * FROM read_csv('/etc/passwd')", "disabled"),
        ("SELECT id FROM subscription WHERE version = '1'", "Cannot apply operator: bigint = varchar(1)"),
        ("SELECT id FROM subscription WHERE name IN (1, 2)", "IN value and list items must be the same type: varchar"),
        (
            "SELECT id FROM account WHERE updateddate >= '2023-12-20'",
            "Cannot apply operator: timestamp(3) with time zone >= varchar(10)",
        ),
        (
            "SELECT id FROM account WHERE updateddate >= TIMESTAMP '2023-12-20T00:00:00Z'",
            "'2023-12-20T00:00:00Z' is not a valid timestamp literal",
        ),
    ],
)
def test_what_cannot_be_answered_fails_in_the_words_of_trino(tenant, sql, reason):
    """Nothing is cut off or converted in silence: a client that is wrong here is wrong in a tenant."""
    if not sql:
        assert tenant.refusal("POST", "/query/jobs", {"query": sql})[0] == 400
        sql = "--"
    assert reason in tenant.failure(sql)


def test_literals_and_functions_of_time(tenant):
    """An offset is understood as written; without one a literal is in the tenant's zone, or as the option says."""
    count = "SELECT count(*) n FROM bookingtransaction WHERE updateddate"
    made = str(len(tenant.ids))
    for condition, rows in [
        (">= TIMESTAMP '2023-12-20 10:31:05.000 +00:00'", made),
        ("< timestamp '2023-12-20 10:31:05.000 +00:00'", "0"),
        ("= TIMESTAMP '2023-12-20 19:31:05.000 +09:00'", made),
        ("= TIMESTAMP '2023-12-20 10:31:05 UTC'", made),
        ("= TIMESTAMP '2023-12-20 05:31:05'", made),
        ("= TIMESTAMP '2023-12-20 10:31:05'", "0"),
        ("<= now() AND transactiondate > current_date", made),
        ("> date_add('day', -1, current_timestamp)", made),
        (">= from_iso8601_timestamp('2023-12-20T10:31:05Z')", made),
    ]:
        assert tenant.rows(f"{count} {condition}") == [{"n": rows}], condition
    row = tenant.rows(
        "SELECT at_timezone(updateddate, 'Asia/Kolkata') AS there, to_uuid36(id) AS id FROM bookingtransaction"
    )
    assert row[0]["there"] == "2023-12-20T16:01:05+05:30"
    assert row[0]["id"].replace("-", "") in tenant.ids


def test_literals_without_offset_by_option():
    """In UTC, or refused."""
    with tenants(ManualClock(START), time_zone="Asia/Tokyo", literal_zone="utc") as tenant:
        tenant.regenerate("A-1")
        sql = "SELECT updateddate FROM bookingtransaction WHERE updateddate = TIMESTAMP '2023-12-20 10:31:05'"
        assert tenant.rows(sql)[0]["updateddate"] == "2023-12-20T19:31:05+09:00"
        tenant.call("POST", "/_sim/faults", {"literal_zone": "refused"})
        assert "timestamp(3)" in tenant.failure(sql)


def test_deleted_records(tenant):
    """Live records; with readDeleted the deleted alone; whoever names the column gets both."""
    ids = tenant.records.insert("Account", [{"Name": "kept"}, {"Name": "gone"}])
    tenant.call("POST", "/_sim/delete", {"table": "account", "ids": ids[1:]})
    names = "SELECT name FROM account ORDER BY name"
    assert tenant.rows(names) == [{"name": "kept"}]
    assert tenant.rows(names, readDeleted=True) == [{"name": "gone"}]
    both = "SELECT name, deleted FROM account ORDER BY name"
    assert [row["deleted"] for row in tenant.rows(both, readDeleted=True)] == ["true", "false"]


def test_refusals_as_published(tenant):
    """`code` and `message`, without an envelope."""
    assert tenant.refusal("POST", "/query/jobs", b"{") == (400, {"code": 400, "message": "Unable to process JSON"})
    assert tenant.refusal("GET", "/query/jobs/none") == (404, {"code": 1001, "message": "No such query: none"})
    job = tenant.job("SELECT id FROM account")["id"]
    late = {"code": 1003, "message": f"Query job {job} is not in accepted or in_progress status"}
    assert tenant.refusal("DELETE", f"/query/jobs/{job}") == (400, late)
    body = {"query": "SELECT 1", "outputFormat": "CSV", "compression": "NONE", "output": {"target": "S3"}}
    for change in (
        {"query": None},
        {"outputFormat": "XML"},
        {"compression": "BZIP2"},
        {"output": {"target": "API_RESPONSE"}},
        {"output": None},
        {"sourceData": "WAREHOUSE"},
        {"outputFormat": "DSV"},
        {"query": "x" * 1_000_001},
    ):
        assert tenant.refusal("POST", "/query/jobs", {**body, **change})[0] == 400, change
    with pytest.raises(urllib.error.HTTPError, match="415"):
        tenant.call("POST", "/query/jobs", body, **{"Content-Type": "text/plain"})


def test_the_file_needs_no_token_and_its_address_expires(tenant):
    """As on S3: the address is the permission, and a token beside it is an error."""
    address = tenant.job("SELECT id FROM bookingtransaction")["dataFile"]
    for wrong, headers, code in (
        (address, {"Authorization": "Bearer x"}, 400),
        (address.partition("?")[0], {}, 403),
        (address.replace("/query/files/", "/query/files/x"), {}, 404),
    ):
        with pytest.raises(urllib.error.HTTPError, match=str(code)):
            urllib.request.urlopen(urllib.request.Request(wrong, headers=headers))
    tenant.call("POST", "/_sim/faults", {"file_seconds": 0})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        tenant.content("SELECT id FROM bookingtransaction")
    tenant.call("POST", "/_sim/faults", {"file_seconds": 3600})


def test_rows_in_and_out_are_limited():
    """A query with too many rows fails whole. For output LIMIT helps, for input only a condition with an index."""
    with tenants(ManualClock(START), rows_out=50, rows_in=200, other_transactions=300) as tenant:
        sql = "SELECT id FROM bookingtransaction"
        assert "input rows" in tenant.failure(f"{sql} LIMIT 5")
        some = f"{sql} WHERE updateddate > TIMESTAMP '2023-12-20 10:01:05.000 +00:00'"
        assert "output rows" in tenant.failure(some)
        assert len(tenant.rows(f"{some} LIMIT 50")) == 50
        assert "input rows" in tenant.failure(f"{some.replace('05.000 ', '05.000000 ')} LIMIT 5")
        few = "SELECT id FROM bookingtransaction WHERE updateddate > TIMESTAMP '2023-12-20 10:30:05.000 +00:00'"
        assert len(tenant.rows(few)) == 5


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


def test_the_warehouse_lacks_the_transactions():
    """A paid feature: refused without it; with it, other tables are answered."""
    with tenants(warehouse=True) as tenant:
        assert tenant.rows("SELECT count(*) n FROM account", sourceData="WAREHOUSE") == [{"n": "0"}]
        assert "does not exist" in tenant.failure("SELECT id FROM billingtransaction", sourceData="WAREHOUSE")


def test_without_duckdb_the_reason_is_stated(monkeypatch):
    """With what to install."""
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    with tenants() as tenant:
        tenant.regenerate("A-1")
        assert "regeneration-runner[simulate]" in tenant.failure("SELECT id FROM account")
