"""The objects of the simulated tenant."""

from __future__ import annotations

from runner.simulator.tenant.leavings import BILLING_PATH
from tests.runner.simulator.tenant.test_records import Tenant


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
