"""Data queries of the simulator against the published request and response shapes, limits and texts."""

from __future__ import annotations

import re
import urllib.error
import urllib.request

import pytest

from runner.simulator import ManualClock
from tests.runner.simulator.conftest import START, tenants


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
