"""The transactions of the simulated tenant."""

from __future__ import annotations

import pytest

from runner.simulator.tenant.leavings import BILLING_PATH, BOOKING_PATH
from tests.runner.simulator.tenant.test_records import Tenant

RESENT, PLAIN, MIGRATED = {"onlyReSend": "true"}, {}, {"reMigrate": "true"}


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
