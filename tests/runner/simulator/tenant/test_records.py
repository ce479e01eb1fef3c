"""The rows of the tenant: seeded, regenerated, lost, late, and kept over a restart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runner.simulator import ManualClock, Options, Simulator
from runner.simulator.effects import Effect, Entry
from runner.simulator.tenant.leavings import BILLING_PATH, BOOKING_PATH

RESENT, PLAIN, MIGRATED = {"onlyReSend": "true"}, {}, {"reMigrate": "true"}


class Tenant:
    """A simulator without a server, in which work is done at once."""

    def __init__(self, **options: object) -> None:
        self.clock = ManualClock()
        self.simulator = Simulator(Options(**options), self.clock)
        self.records = self.simulator.records

    def regenerate(self, path: str = BOOKING_PATH, query: dict[str, str] | None = None, **body: object) -> list[str]:
        entry = Entry("digest", "POST", path, query or {}, body, "", "")
        ids = self.records.transaction_ids(path, body)
        self.records.effect(entry, Effect(None, ids, self.clock.now()))
        return ids

    def subscription(self, status: str = "Active", **charge: object) -> str:
        (subscription,) = self.records.insert("Subscription", [{"Name": "A-1", "Version": 2, "Status": status}])
        (plan,) = self.records.insert("RatePlan", [{"SubscriptionId": subscription}])
        rows = [{"RatePlanId": plan, "ChargeNumber": "C-1", "Segment": segment, **charge} for segment in (1, 2)]
        self.records.insert("RatePlanCharge", rows)
        return subscription


@pytest.mark.parametrize("with_hyphens", [False, True])
def test_a_subscription_has_one_booking_for_each_charge_segment(with_hyphens):
    """By id or by name and version, the same; ids with hyphens are the same ids."""
    tenant = Tenant()
    subscription = tenant.subscription()
    by_name = tenant.regenerate(type="Subscription", subscriptionName="A-1", subscriptionVersion="2")
    written = "-".join((subscription[:8], subscription[8:])) if with_hyphens else subscription
    assert tenant.regenerate(type="Subscription", subscriptionId=written) == by_name
    rows = tenant.records.rows("bookingtransaction")
    assert sorted(row["id"] for row in rows) == sorted(by_name)
    assert {(row["subscriptionid"], row["subscriptionnumber"]) for row in rows} == {(subscription, "A-1")}
    assert sorted(row["salesorderlinenumber"] for row in rows) == ["C-1.1", "C-1.2"]
    other = tenant.regenerate(type="Subscription", subscriptionName="A-1", subscriptionVersion=3)
    assert not set(other) & set(by_name)


@pytest.mark.parametrize(
    ("status", "charge"),
    [("Draft", {}), ("Pending Activation", {}), ("Active", {"ExcludeItemBookingFromRevenueAccounting": True})],
)
def test_what_has_no_booking(status, charge):
    """Drafts, pending ones, excluded charges: the call succeeds without ids."""
    tenant = Tenant()
    tenant.subscription(status, **charge)
    assert tenant.regenerate(type="Subscription", subscriptionName="A-1", subscriptionVersion=2) == []


def test_order_lines_documents_and_adjustments():
    """By id and by number; documents that are not posted, items that are excluded and open order lines have none."""
    tenant = Tenant()
    insert = tenant.records.insert
    (order,) = insert("Orders", [{"OrderNumber": "O-1"}])
    lines = insert("OrderLineItem", [{"OrderId": order, "ItemNumber": str(n), "ItemState": s} for n, s in _STATES])
    (by_number,) = tenant.regenerate(type="OrderLineItem", orderNumber="O-1", itemNumber="1")
    assert tenant.regenerate(type="OrderLineItem", orderLineItemId=lines[0]) == [by_number]
    assert tenant.regenerate(type="OrderLineItem", orderNumber="O-1", itemNumber="2") == []
    for type_, number, prefix in (
        ("Invoice", "InvoiceNumber", "Invoice"),
        ("CreditMemo", "MemoNumber", "CreditMemo"),
        ("DebitMemo", "MemoNumber", "DebitMemo"),
    ):
        posted, draft = insert(type_, [{number: "1", "Status": "Posted"}, {number: "2", "Status": "Draft"}])
        items = [{f"{prefix}Id": posted}, {f"{prefix}Id": posted, "ExcludeItemBillingFromRevenueAccounting": True}]
        insert(f"{prefix}Item", [*items, {f"{prefix}Id": draft}])
        ids = tenant.regenerate(BILLING_PATH, type=type_, number="1")
        assert len(ids) == 1
        assert tenant.regenerate(BILLING_PATH, type=type_, documentId=posted) == ids
        assert tenant.regenerate(BILLING_PATH, type=type_, id=draft) == []
    (adjustment,) = insert("InvoiceItemAdjustment", [{"AdjustmentNumber": "IIA-1", "Status": "Processed"}])
    assert len(tenant.regenerate(BILLING_PATH, type="InvoiceItemAdjustment", number="IIA-1")) == 1
    rows = {row["documenttype"]: row for row in tenant.records.rows("billingtransaction")}
    assert rows["InvoiceItemAdjustment"]["documentid"] == adjustment
    assert rows["Invoice"]["invoiceid"] == rows["Invoice"]["documentid"]
    assert rows["CreditMemo"]["invoiceid"] is None


_STATES = [(1, "Booked"), (2, "Executing")]


@pytest.mark.parametrize(
    ("path", "query", "resent_dates", "is_newer", "looks_between"),
    [
        (BOOKING_PATH, PLAIN, "kept", True, True),
        (BOOKING_PATH, RESENT, "kept", False, False),
        (BOOKING_PATH, RESENT, "kept", False, True),
        (BOOKING_PATH, RESENT, "new", True, False),
        (BILLING_PATH, PLAIN, "kept", False, True),
        (BILLING_PATH, MIGRATED, "kept", True, False),
        (BILLING_PATH, MIGRATED, "kept", True, True),
    ],
)
def test_what_is_overwritten_is_newer(path, query, resent_dates, is_newer, looks_between):
    """By the table of the two flags; what is only sent again keeps its UpdatedDate; CreatedDate stays."""
    tenant = Tenant(resent_dates=resent_dates)
    body = {"type": "Subscription", "subscriptionName": "A-9", "subscriptionVersion": 1}
    if path == BILLING_PATH:
        body = {"type": "Invoice", "number": "INV9"}
    table = "bookingtransaction" if path == BOOKING_PATH else "billingtransaction"
    ids = tenant.regenerate(path, MIGRATED, **body)
    first = tenant.clock.now()
    assert not looks_between or tenant.records.rows(table)
    tenant.clock._now += 100
    assert tenant.regenerate(path, query, **body) == ids
    for row in tenant.records.rows(table):
        assert row["createddate"].timestamp() == first
        assert row["updateddate"].timestamp() == first + 100 * is_newer


def test_lost_late_and_made_by_others():
    """A transaction is lost once; a change may lag; others have transactions of our objects and of their own."""
    tenant = Tenant(lost_transactions=1.0, lag_seconds=60, other_users=1.0, other_transactions=7)
    body = {"type": "OrderLineItem", "orderNumber": "O-1", "itemNumber": "1"}
    (mine,) = tenant.regenerate(**body)
    tenant.clock._now += 60
    assert len(tenant.records.rows("bookingtransaction")) == 7
    tenant.regenerate(**body)
    assert len(tenant.records.rows("bookingtransaction")) == 7
    tenant.clock._now += 60
    rows = tenant.records.rows("bookingtransaction", "orderlineitemid IS NOT NULL")
    assert len(rows) == 2
    assert len({row["updatedbyid"] for row in rows}) == 2
    tenant.records.lose("BookingTransaction", [mine])
    (left,) = tenant.records.rows("bookingtransaction", "orderlineitemid IS NOT NULL")
    assert left["id"] != mine
    assert tenant.records.rows("orderlineitem")[0]["updateddate"].timestamp() < tenant.clock.now() - 80 * 86400


@pytest.mark.parametrize(("style", "in_response", "in_table"), [("32", 32, 32), ("36", 36, 36), ("mixed", 32, 36)])
def test_ids_with_hyphens(style, in_response, in_table):
    """A tenant can be switched to 36 characters; the tables may differ from the responses."""
    tenant = Tenant(id_style=style)
    ids = tenant.regenerate(type="OrderLineItem", orderNumber="O-1", itemNumber="1")
    (row,) = tenant.records.rows("bookingtransaction")
    assert ([len(identity) for identity in ids], len(row["id"])) == ([in_response], in_table)
    assert row["id"].replace("-", "") == ids[0].replace("-", "")


def test_seeded_rows(tmp_path):
    """Columns in any case, times in three forms, ids made up; they survive a restart, and a reset ends them."""
    tenant = Tenant(state=tmp_path / "state.db")
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    times = (moment, moment.isoformat(), moment.timestamp())
    rows = [{"NAME": str(number), "updateddate": at} for number, at in enumerate(times)]
    ids = tenant.records.insert("account", rows)
    tenant.records.insert("account", [{"id": ids[0], "name": "again", "updateddate": moment}])
    tenant.simulator.world.store.close()
    again = Tenant(state=tmp_path / "state.db").records
    assert {row["id"]: row["name"] for row in again.rows("Account")} == dict(zip(ids, ("again", "1", "2"), strict=True))
    assert {row["updateddate"] for row in again.rows("account")} == {moment}
    assert again.insert("account", [{}])[0] not in ids
    again.forget()
    assert again.rows("account") == []


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("colours", {}, "there is no table 'colours'"),
        ("account", {"colour": 1}, "Account has no column colour"),
        ("account", {"updateddate": "2024-01-01T00:00:00"}, "has no offset"),
    ],
)
def test_rows_that_cannot_be(table, row, reason):
    """Said with the name that is wrong."""
    with pytest.raises(ValueError, match=reason):
        Tenant().records.insert(table, [row])
