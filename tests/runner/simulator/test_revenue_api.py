"""Zuora Revenue of the simulator: staging, collection and errors, by Data Query and by Revenue's own API."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import Any

import pytest

from runner.simulator import ManualClock, Options, serving_in_thread
from tests.runner.simulator.conftest import START, Tenant

ERRORS = "/api/integration/v1/stage/error/transaction"
BASIC = {"Authorization": "Basic " + base64.b64encode(b"user:word").decode(), "role": "API", "clientname": "Default"}


class Books(Tenant):
    """A tenant, and its Revenue."""

    def revenue(self, method: str, path: str, data: bytes | None = None, **headers: str) -> tuple[int, Any]:
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as response:
                content = response.read()
                self.granted = response.headers.get("Revpro-Token")
                if content[:1] not in (b"", b"{", b"["):
                    return response.status, (content, response.headers.get("continuation-token"))
                return response.status, json.loads(content) if content else None
        except urllib.error.HTTPError as refused:
            return refused.code, None

    def bearer(self) -> dict[str, str]:
        form = b"client_id=r&client_secret=s&grant_type=client_credentials"
        status, body = self.revenue("POST", "/oauth2/token", form)
        assert status == 200
        return {"Authorization": f"Bearer {body['access_token']}"}

    def errors(self) -> list[dict[str, Any]]:
        status, body = self.revenue("GET", f"/revenue{ERRORS}", **self.bearer())
        assert (status, body and body["status"]) in ((200, "Success"), (204, None))
        return body["Result"] if body else []


@contextmanager
def books(clock: ManualClock | None = None, **options: Any):
    with serving_in_thread(Options(**{"job_seconds": 0, **options}), clock=clock) as serving:
        yield Books(serving)


def test_lines_wait_in_staging_until_they_are_collected():
    """Then they are in the history and in a contract, with the SalesOrderLineId of their booking."""
    clock = ManualClock(START)
    with books(clock, collection_seconds=600) as tenant:
        ids = tenant.regenerate("A-1", "?reMigrate=true")
        staged = tenant.rows("SELECT TransId, SoLineId, RegenerateFlag FROM revenuelive.RevenueLineStaging")
        booked = tenant.rows("SELECT id, salesorderlineid FROM bookingtransaction")
        assert sorted((row["transid"], row["solineid"]) for row in staged) == sorted(
            tuple(row.values()) for row in booked
        )
        assert {row["regenerateflag"] for row in staged} == {"Y"}
        assert tenant.rows("SELECT id FROM revenuelive.revenuelinestaginghistory") == []
        clock._now += 600
        assert tenant.rows("SELECT id FROM revenuelive.revenuelinestaging") == []
        history = (
            "SELECT h.transid FROM revenuelive.revenuelinestaginghistory h JOIN revenuelive.RevenueContractBatch b"
        )
        assert len(tenant.rows(f"{history} ON h.batchid = b.id AND b.status = 'Completed'")) == len(ids)
        lines = tenant.rows("SELECT SalesOrderLineID FROM revenuelive.RevenueContractLinesDimensions")
        assert {row["salesorderlineid"] for row in lines} == {row["salesorderlineid"] for row in booked}
        assert "SoLineId" in tenant.content("SHOW COLUMNS FROM revenuelive.RevenueLineStaging").decode()


def test_errors_stay_until_they_are_deleted():
    """With a published code, in the table and at the API; what is sent again is collected beside them."""
    with books(revenue_errors=1.0) as tenant:
        (first, *_) = tenant.regenerate("A-1", "?reMigrate=true")
        errors = {row["so_line_id"]: row["err_msg"] for row in tenant.errors()}
        joined = tenant.rows(
            "SELECT s.SoLineId, e.ErrMsg, s.ProcessedFlag FROM revenuelive.RevenueLineStageErrors e "
            "JOIN revenuelive.RevenueLineStaging s ON e.StgId = s.Id"
        )
        assert {row["solineid"]: row["errmsg"] for row in joined} == errors
        assert all(message.startswith(("RPRO-", "CUST-")) for message in errors.values())
        tenant.regenerate("A-1", "?reMigrate=true")
        assert tenant.rows(f"SELECT 1 FROM revenuelive.revenuelinestaginghistory WHERE transid = '{first}'")
        assert len(tenant.errors()) == len(errors)
        staged = [row["id"] for row in tenant.rows("SELECT id FROM revenuelive.revenuelinestaging")]
        tenant.call("POST", "/_sim/lose", {"table": "RevenueLive.RevenueLineStaging", "ids": staged})
        assert tenant.errors() == []


def test_the_same_charge_version_with_flag_n_is_refused():
    """RPRO-00647; with flag Y it is collected again, into the same contract line."""
    with books() as tenant:
        tenant.regenerate("A-1")
        tenant.regenerate("A-1", "?onlyReSend=true")
        assert tenant.errors() == []
        tenant.regenerate("A-1")
        assert {row["err_msg"].partition(" ")[0] for row in tenant.errors()} == {"RPRO-00647"}
        lines = tenant.rows("SELECT count(*) n FROM revenuelive.revenuecontractlinesdimensions")
        assert lines == [{"n": str(len(tenant.errors()))}]


def test_billing_lines_are_bills():
    """By the id of the document's line."""
    with books() as tenant:
        body = {"type": "Invoice", "number": "INV1"}
        tenant.call("POST", "/v1/uno-regenerate/billing-transaction", body)
        rows = tenant.rows(
            "SELECT t.id FROM billingtransaction t JOIN revenuelive.RevenueContractBillsDimensions b "
            "ON b.InvoiceLineID = t.DocumentLineId WHERE b.TransactionType = 'INV'"
        )
        assert len(rows) == len(tenant.rows("SELECT id FROM billingtransaction"))


def test_tokens_of_revenue_are_its_own():
    """One for each host; a token of Billing is none, and each ends."""
    clock = ManualClock(START)
    with books(clock, revenue_client_id="user", revenue_client_secret="word") as tenant:
        billing = {"Authorization": f"Bearer {tenant._token}"}
        assert tenant.revenue("GET", f"/revenue{ERRORS}", **billing)[0] == 401
        assert (
            tenant.revenue("POST", "/oauth2/token", b"client_id=a&client_secret=b&grant_type=client_credentials")[0]
            == 401
        )
        status, body = tenant.revenue("POST", "/api/integration/v1/authenticate", b"", **BASIC)
        assert (status, body) == (200, {"Message": "Token Generated", "status": "success"})
        token = tenant.granted
        assert tenant.revenue("GET", ERRORS, token=token)[0] == 204
        assert tenant.revenue("GET", f"/revenue{ERRORS}", Authorization=f"Bearer {token}")[0] == 401
        without_role = {name: value for name, value in BASIC.items() if name != "role"}
        assert tenant.revenue("POST", "/api/integration/v1/authenticate", b"", **without_role)[0] == 401
        clock._now += 1800
        assert tenant.revenue("GET", ERRORS, token=token)[0] == 401


@pytest.mark.parametrize(
    ("revenue", "by_query", "status"), [("off", False, 405), ("query", True, 405), ("rest", False, 204)]
)
def test_what_is_not_enabled(revenue, by_query, status):
    """405 on everything without the API; no tables without the profile."""
    with books(revenue=revenue) as tenant:
        headers = tenant.bearer() if status != 405 else {}
        assert tenant.revenue("GET", f"/revenue{ERRORS}", **headers)[0] == status
        assert len(tenant.rows("SHOW TABLES FROM revenuelive")) == (6 if by_query else 0)
        for sql in (
            "SELECT id FROM revenuelive.revenuelinestaging",
            "SHOW COLUMNS FROM revenuelive.RevenueLineStaging",
        ):
            if by_query:
                assert tenant.content(sql)
            else:
                assert "Table owl.revenuelive.revenuelinestaging does not exist" in tenant.failure(sql)


def test_a_collection_that_is_started_is_counted():
    """A checker must not start it; 403 without the role."""
    with books(collection_seconds=3600) as tenant:
        tenant.regenerate("A-1")
        headers = tenant.bearer()
        assert tenant.revenue("POST", "/revenue/api/integration/v1/job/collection/template", b"", **headers)[0] == 200
        assert tenant.call("GET", "/_sim/stats")["collectionsStarted"] == 1
        assert tenant.rows("SELECT id FROM revenuelive.revenuelinestaging") == []
        tenant.call("POST", "/_sim/faults", {"revenue_role": "none"})
        assert tenant.revenue("GET", f"/revenue{ERRORS}", **headers)[0] == 403


def test_views_of_what_was_collected():
    """Page by page, the later ones with the token of the first; 404 behind the last, 204 without rows."""
    with books() as tenant:
        headers = tenant.bearer()
        path = "/revenue/api/integration/v2/biviews/"
        times = "?clientId=1&fromDate=2020-01-01T00:00:00&toDate=2100-01-01T00:00:00&pageSize=1"
        history = f"{path}BI3_LINE_STAGE_HISTORY{times}"
        assert tenant.revenue("GET", f"{history}&pagenum=1", **headers)[0] == 204
        count = len(tenant.regenerate("A-1")) + len(tenant.regenerate("A-1", "?reMigrate=true"))
        _, (content, token) = tenant.revenue("GET", f"{history}&pagenum=1", **headers)
        assert content.splitlines()[0].startswith(b"ID,CLIENT_ID,") and len(content.splitlines()) == 2
        assert tenant.revenue("GET", f"{history}&pagenum=2", **headers)[0] == 400
        headers["continuation-token"] = token
        statuses = [tenant.revenue("GET", f"{history}&pagenum={n}", **headers)[0] for n in range(count + 2)]
        assert statuses == [204, *[200] * count, 404]
        counted = tenant.revenue("GET", f"{path}count/BI3_RC_LNS{times}", **headers)[1]
        assert counted == {"count": count // 2}
        assert tenant.revenue("GET", f"{path}BI3_RC_BILL{times}", **headers)[0] == 204
        assert tenant.revenue("GET", f"{path}BI3_NONE{times}", **headers)[0] == 400
        columns = tenant.revenue("GET", f"{path}BI3_RC_LNS/describe-columns", **headers)[1]
        assert "SO_LINE_ID" in {column["column_name"] for column in columns}
