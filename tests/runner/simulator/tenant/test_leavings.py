"""What requests leave behind in the simulated tenant."""

from __future__ import annotations

from tests.runner.simulator.tenant.test_records import Tenant


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
