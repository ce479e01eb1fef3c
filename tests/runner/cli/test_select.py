"""`regen select`: a manifest from the tenant that `check` and `run` take as it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest

from tests.harness.program import csv_rows, folders
from tests.harness.published_columns import BILLING_FLAG, BOOKING_FLAG
from tests.harness.tenant_objects import TenantObjects, serving

OLD = "2026-11-01 10:00:00"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("runner.zuora.data_query.job.WAIT_SECONDS", (0.01, 0.01))


@pytest.fixture
def tenant(monkeypatch):
    with serving(TenantObjects("America/Los_Angeles", rows_out=20)) as tenant:
        monkeypatch.setenv("ZUORA_BASE_URL", tenant.url)
        yield tenant


def subscription(tenant, number: int, updated=OLD, status="Active", flag="No", version=1) -> None:
    tenant.add("subscription", updated, id=f"{number:032x}", name=f"A-S{number}", version=version, status=status)
    tenant.add("rateplan", updated, id=f"p{number}", subscriptionid=f"{number:032x}")
    tenant.add("rateplancharge", updated, id=f"c{number}", rateplanid=f"p{number}", **{BOOKING_FLAG: flag})


def test_subscriptions_become_a_manifest_that_run_takes(regen, tenant, tmp_path):
    """Windows are halved until they fit; drafts and excluded subscriptions are left out, each counted."""
    for number in range(30):
        subscription(tenant, number, f"2026-11-01 10:00:{number:02d}")
    subscription(tenant, 90, status="Draft")
    subscription(tenant, 91, flag="Yes")
    subscription(tenant, 92, "2026-10-01 00:00:00")  # before the date
    done = regen("select", "subscription", "--updated-since", "2026-11-01", "-o", "night.csv")
    assert (done.code, done.err) == (0, "")
    assert "night.csv: 30 rows of type Subscription" in done.out
    assert "left out: 1 row, status Draft: a draft has no booking transaction" in done.out
    assert "left out: 1 row, excluded from Revenue accounting" in done.out
    sidecar = json.loads((tmp_path / "night.csv.json").read_text())
    assert sidecar["counts"]["selected"] == 32 == sidecar["counts"]["rows"] + sum(sidecar["counts"]["refused"].values())
    assert sidecar["since"].startswith("2026-11-01T00:00:00") and "FROM subscription" in sidecar["query"]
    assert {row["subscriptionName"] for row in csv_rows(tmp_path / "night.csv")} == {f"A-S{n}" for n in range(30)}
    assert regen("check", "night.csv").code == 0
    assert regen("run", "night.csv").code == 0
    assert sorted(tenant.regenerated.values()) == [1] * 30


def test_documents_are_posted_and_in_revenue(regen, tenant, tmp_path):
    """Of documents only posted ones, and only those with an item that is not excluded; as Parquet on request."""
    for at, (status, flags) in enumerate(
        [("Posted", "NN"), ("Posted", "YN"), ("Posted", "YY"), ("Draft", "N"), ("Canceled", "N"), ("Posted", "")]
    ):
        tenant.add("invoice", OLD, id=f"i{at}", invoicenumber=f"INV{at}", status=status)
        for item, flag in enumerate(flags):
            yes = {"Y": "Yes", "N": "No"}[flag]
            tenant.add("invoiceitem", OLD, id=f"i{at}-{item}", invoiceid=f"i{at}", **{BILLING_FLAG: yes})
    done = regen("select", "Invoice", "-o", "invoices.parquet", "--json")
    assert done.document["counts"] == {
        "selected": 6,
        "rows": 3,
        "refused": {
            "excluded from Revenue accounting": 1,
            "status Canceled: cancelled: a cancelled document cannot be regenerated": 1,
            "status Draft: not posted: a billing transaction is that of a posted document": 1,
        },
        "confirmed_before": 0,
    }
    rows = pq.read_table(tmp_path / "invoices.parquet").to_pylist()
    assert sorted(row["invoiceNumber"] for row in rows) == ["INV0", "INV1", "INV5"]
    assert regen("check", "invoices.parquet").code == 0
    assert regen("select", "invoice", "--status", "posted", "--json").document["counts"]["selected"] == 4


def test_missing_are_objects_without_a_newer_transaction(regen, tenant, tmp_path):
    tenant.add("creditmemo", OLD, id="m1", memonumber="CM1", status="Posted")
    tenant.add("creditmemo", OLD, id="m2", memonumber="CM2", status="Posted")
    tenant.add("creditmemo", OLD, id="m3", memonumber="CM3", status="Posted")
    tenant.add("billingtransaction", "2026-10-31 00:00:00", id="t1", documentid="m1")  # older than its memo
    tenant.add("billingtransaction", "2026-11-01 10:00:05", id="t2", documentid="m2")
    tenant.add("billingtransaction", "2026-10-31 00:00:00", id="t3", documentid="m2")
    assert regen("select", "CreditMemo", "--missing").code == 0
    assert sorted(row["creditMemoNumber"] for row in csv_rows(tmp_path / "CreditMemo.csv")) == ["CM1", "CM3"]


def test_order_line_items_carry_their_order_and_their_own_flag(regen, tenant, tmp_path):
    tenant.add("orders", OLD, id="o1", ordernumber="O-1")
    for number, state, flag in [(1, "Booked", "No"), (2, "Executing", "No"), (3, "Complete", "Yes")]:
        cells = {"id": f"l{number}", "orderid": "o1", "itemnumber": str(number), "itemstate": state, BOOKING_FLAG: flag}
        tenant.add("orderlineitem", OLD, **cells)
    done = regen("select", "order line item", "-o", "lines.csv")
    assert "1 row, status Executing" in done.out and "1 row, excluded from Revenue accounting" in done.out
    (row,) = csv_rows(tmp_path / "lines.csv")
    assert (row["orderNumber"], row["itemNumber"], row["orderLineItemId"]) == ("O-1", "1", "l1")
    assert regen("check", "lines.csv").code == 0


def test_last_goes_on_from_what_a_run_has_confirmed(regen, tenant, tmp_path):
    """Not before: a selection that was not sent, or whose run has a failed row, is selected again."""
    last = ("select", "Subscription", "--updated-since", "last", "--name", "nightly")
    assert "begin with --updated-since DATE" in regen(*last).err
    subscription(tenant, 1)
    subscription(tenant, 2)
    assert regen(*last[:3], "2026-11-01", *last[4:]).code == 0
    assert regen(*last, "--json").document["counts"]["rows"] == 2  # not sent: nothing is confirmed
    tenant.refuse.add("A-S2 v1")
    assert regen("run", "nightly.csv").code == 3
    assert regen(*last, "--json").document["counts"]["rows"] == 2  # one row failed
    tenant.refuse.clear()
    assert regen("run", "nightly.csv", "--again").code == 0
    recent = datetime.now(UTC) - timedelta(minutes=5)
    subscription(tenant, 3, recent)
    done = regen(*last, "--json")
    assert done.document["counts"]["rows"] == 1  # what was confirmed does not come again
    assert regen("run", "nightly.csv").code == 0
    document = regen(*last, "--json").document
    assert document["counts"] == {"selected": 1, "rows": 0, "refused": {}, "confirmed_before": 1}
    subscription(tenant, 3, recent + timedelta(seconds=1), version=2)
    assert regen(*last, "--json").document["counts"]["rows"] == 1
    assert len(folders(tmp_path / "runs")) == 3
    other = regen("select", "Subscription", "--updated-since", "last", "--name", "nightly", "--status", "Active")
    assert other.code == 2 and "other filters" in other.err


def test_sql_of_ones_own(regen, tenant, tmp_path):
    """Its columns must name objects; its times are :since and :until."""
    subscription(tenant, 1)
    query = tmp_path / "own.sql"
    query.write_text(
        "-- ours: at :since\nSELECT name AS subscriptionname, version AS subscriptionversion, id, updateddate"
        "\nFROM subscription WHERE updateddate >= :since AND updateddate < :until AND name <> ':since';\n"
    )
    assert regen("select", "Subscription", "--sql", query, "--updated-since", "2026-11-01").code == 0
    (row,) = csv_rows(tmp_path / "Subscription.csv")
    assert row["subscriptionname"] == "A-S1"
    assert regen("check", "Subscription.csv").code == 0
    for text, reason in {
        "SELECT id, salesorderlineid FROM bookingtransaction": "ids of transactions",
        "SELECT status FROM subscription": "the columns of the answer: status",
        "DELETE FROM subscription": "reads only",
        "SELECT 1; SELECT 2": "more than one statement",
        "SELECT nothing FROM subscription": "cannot be resolved",
    }.items():
        query.write_text(text)
        done = regen("select", "Subscription", "--sql", query)
        assert done.code in (1, 2) and reason in done.err, text
    query.write_text("SELECT id FROM subscription")
    assert (
        "has no :since and :until"
        in regen("select", "Subscription", "--sql", query, "--updated-since", "2026-11-01").err
    )


def test_what_cannot_be_selected_is_refused_before_any_query(regen, tenant, tmp_path):
    (tmp_path / "mine.csv").write_text("subscriptionName,subscriptionVersion\nA-S1,1\n")
    for words, reason in {
        ("Subscripton",): "did you mean Subscription?",
        ("DeliverySchedule",): "--sql FILE",
        ("Invoice", "--status", "Postd"): "did you mean 'Posted'?",
        ("Invoice", "--status", "Active"): "there are: Draft, Posted",
        ("Invoice", "--updated-since", "yesterday"): "write a date",
        ("Invoice", "--updated-since", "2999-01-01"): "in the future",
        ("Invoice", "-o", "a.xlsx"): ".csv or .parquet",
        ("Subscription", "-o", "mine.csv"): "was not written by `regen select`",
        ("Subscription", "--name", "../x", "--updated-since", "2026-11-01"): "--name",
        ("Subscription", "--sql", "none.sql"): "none.sql",
    }.items():
        done = regen("select", *words)
        assert (done.code, reason in done.err) == (2, True), (words, done.err)
    assert tenant.queries == []
    done = regen("select", "Invoice", "--updated-since", "2026-11-01", "--missing", "--dry-run")
    assert done.code == 0 and "TIMESTAMP '2026-11-01 00:00:00.000 +00:00'" in done.out and tenant.queries == []


def test_a_tenant_without_the_flags_says_so(regen, monkeypatch):
    with serving(TenantObjects(lacks=frozenset({BOOKING_FLAG}))) as tenant:
        monkeypatch.setenv("ZUORA_BASE_URL", tenant.url)
        tenant.add("subscription", OLD, id="s1", name="A-S1", version=1, status="Active")
        done = regen("select", "Subscription")
        assert done.code == 0 and f"does not show {BOOKING_FLAG}" in done.out


def test_lines_count_as_their_objects(regen, tenant, tmp_path):
    """A charge that changed alone is a change of its subscription, at the newest of the times; without --lines it is
    not looked at. What is confirmed in that state does not come again."""
    for number in (1, 2, 3):
        subscription(tenant, number)
    recent = datetime.now(UTC) - timedelta(minutes=5)
    tenant.add("rateplancharge", recent, id="c2", rateplanid="p2", **{BOOKING_FLAG: "No"})
    subscription(tenant, 4, recent - timedelta(minutes=1))
    tenant.add("rateplancharge", recent, id="c4", rateplanid="p4", **{BOOKING_FLAG: "No"})
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    words = ("select", "Subscription", "--updated-since", since, "--json")
    assert regen(*words, "--name", "own").document["counts"]["rows"] == 1
    document = regen(*words, "--name", "lines", "--lines").document
    assert document["counts"]["rows"] == 2 and "max(l.updateddate)" in document["query"]
    rows = csv_rows(tmp_path / "lines.csv")
    assert {row["subscriptionName"] for row in rows} == {"A-S2", "A-S4"} and len({r["updateddate"] for r in rows}) == 1
    assert regen("run", "lines.csv").code == 0
    last = ("select", "Subscription", "--updated-since", "last", "--name", "lines")
    assert regen(*last, "--lines", "--json").document["counts"]["confirmed_before"] == 2
    assert "other filters" in regen(*last).err
    assert ";\nSELECT" in regen("select", "Invoice", "--updated-since", "2026-11-02", "--lines", "--dry-run").out
