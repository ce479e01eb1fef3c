"""What a query that cannot be answered fails with."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest


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
