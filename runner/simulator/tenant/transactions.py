"""The rows of the transaction tables, out of an object and its lines.

Sources: the field pages of both tables and the published exports: SalesOrderLineId is `<original charge>.<segment>`,
BookingTransaction has SubscriptionNumber where BillingTransaction has SubscriptionName, and a text column may hold the
word NULL (AmendmentReason). What an order line item's or an adjustment's row fills is not published.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runner.simulator.tenant.catalog import Row
from runner.simulator.tenant.identities import related
from runner.simulator.tenant.objects import Target

# What is the same in all rows, as SQL by column.
_ALWAYS = {
    "currencycode": "'USD'",
    "homecurrencycode": "'USD'",
    "fxrate": "1",
    "excludeitembookingfromrevenueaccounting": "false",
    "excludeitembillingfromrevenueaccounting": "false",
}
CONSTANTS = {
    "bookingtransaction": {
        **_ALWAYS,
        "transactiontype": "'BookingCharge'",
        "transactionsubtype": "'OrderCreated'",
        "businesstype": "'SO'",
        "amendmentreason": "'NULL'",
        "isdoneflag": "false",
        "currentquantity": "1",
        "deltaquantity": "1",
        "transactiondate": "DATE '2024-01-01'",
    },
    "billingtransaction": {
        **_ALWAYS,
        "transactiontype": "'INV'",
        "businesstype": "'INV'",
        "documentdate": "DATE '2024-01-01'",
        "documentquantity": "1",
    },
}


def transaction_id(table: str, line: Row) -> str:
    """The id of the transaction of a line: always the same. `table`: booking or billing."""
    return related(line["id"], table, line.get("segment") or 1)


def booking_rows(target: Target) -> Iterator[Row]:
    """One row for each charge segment, or for the order line item."""
    for line in target.lines:
        specific = _order_line(target, line) if target.type == "OrderLineItem" else _charge_segment(target, line)
        yield {
            "id": transaction_id("booking", line),
            **specific,
        }


def _charge_segment(target: Target, charge: Row) -> Row:
    subscription, segment = target.row, charge.get("segment", 1)
    original, number = charge.get("originalid") or charge["id"], charge.get("chargenumber")
    price = charge.get("price", 0)
    return {
        "subscriptionid": subscription.get("id"),
        "subscriptionnumber": subscription.get("name"),
        "subscriptionversion": subscription.get("version"),
        "originalsubscriptionid": subscription.get("originalid"),
        "subscriptionstatus": subscription.get("status"),
        "rateplanid": charge.get("rateplanid"),
        "rateplanchargeid": charge["id"],
        "originalrateplanchargeid": original,
        "chargenumber": number,
        "chargesegment": segment,
        "chargetype": charge.get("chargetype"),
        "chargestatus": "Active",
        "rateplanchargeversion": charge.get("version"),
        "salesorderlineid": f"{original}.{segment}",
        "salesordernumber": number,
        "salesorderlinenumber": f"{number}.{segment}",
        **_amounts(price),
    }


def _order_line(target: Target, line: Row) -> Row:
    order = target.parents["orders"][0]
    return {
        "orderid": line.get("orderid"),
        "ordernumber": order.get("ordernumber"),
        "originalorderid": line.get("orderid"),
        "orderlineitemid": line["id"],
        "orderlineitemcategory": line.get("itemcategory", "Sales"),
        "itemname": line.get("itemname", "Item"),
        "salesorderlineid": line["id"],
        "salesordernumber": order.get("ordernumber"),
        "salesorderlinenumber": f"{order.get('ordernumber')}.{line.get('itemnumber')}",
        **_amounts(line.get("amount", 0)),
    }


def _amounts(price: Any) -> Row:
    return {"currentccv": price, "currentelp": price, "deltaccv": price, "listprice": price, "sellprice": price}


def billing_rows(target: Target) -> Iterator[Row]:
    """One row for each line of the document, or for the adjustment."""
    document = target.row
    number = next((document[name] for name in _DOCUMENT_NUMBERS if document.get(name)), None)
    for position, line in enumerate(target.lines, 1):
        segment = f"{line['rateplanchargeid']}.1" if line.get("rateplanchargeid") else None
        yield {
            "id": transaction_id("billing", line),
            "documentid": document["id"],
            "documentnumber": number,
            "documenttype": target.type,
            "documentlineid": line["id"],
            "documentlinenumber": f"{number}.{position}",
            "invoiceid": document["id"] if target.type == "Invoice" else document.get("invoiceid"),
            "subscriptionid": line.get("subscriptionid"),
            "rateplanchargeid": line.get("rateplanchargeid"),
            "salesorderlineid": segment,
            "sellprice": line.get("chargeamount", line.get("amount", 0)),
        }


_DOCUMENT_NUMBERS = ("invoicenumber", "memonumber", "adjustmentnumber")
