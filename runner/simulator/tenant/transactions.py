"""The rows of the transaction tables, out of an object and its lines.

Sources: the field pages of both tables and the published exports: SalesOrderLineId is `<original charge>.<segment>`,
BookingTransaction has SubscriptionNumber where BillingTransaction has SubscriptionName, and a text column may hold the
word NULL (AmendmentReason). What an order line item's or an adjustment's row fills is not published.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from runner.simulator.seeded_random import hex_ids
from runner.simulator.tenant.catalog import Row, plain
from runner.simulator.tenant.objects import Target

_CURRENCY = {"currencycode": "USD", "homecurrencycode": "USD", "fxrate": 1}
_NOT_EXCLUDED = {"excludeitembookingfromrevenueaccounting": False, "excludeitembillingfromrevenueaccounting": False}


def transaction_id(seed: int, table: str, line: Row) -> str:
    """The id of the transaction of a line: always the same."""
    return hex_ids(seed, 1, table, plain(line["id"]), line.get("segment", 1))[0]


def booking_rows(target: Target, seed: int) -> Iterator[Row]:
    """One row for each charge segment, or for the order line item."""
    for line in target.lines:
        specific = _order_line(target, line) if target.type == "OrderLineItem" else _charge_segment(target, line)
        yield {
            "id": transaction_id(seed, "booking", line),
            "transactiontype": "BookingCharge",
            "transactionsubtype": "OrderCreated",
            "businesstype": "SO",
            "amendmentreason": "NULL",
            "isdoneflag": False,
            **_CURRENCY,
            **_NOT_EXCLUDED,
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
    current = {"currentccv": price, "currentelp": price, "currentquantity": 1, "deltaccv": price, "deltaquantity": 1}
    return {**current, "listprice": price, "sellprice": price, "transactiondate": date(2024, 1, 1)}


def billing_rows(target: Target, seed: int) -> Iterator[Row]:
    """One row for each line of the document, or for the adjustment."""
    document = target.row
    number = next((document[name] for name in _DOCUMENT_NUMBERS if document.get(name)), None)
    for place, line in enumerate(target.lines, 1):
        segment = f"{line['rateplanchargeid']}.1" if line.get("rateplanchargeid") else None
        yield {
            "id": transaction_id(seed, "billing", line),
            "transactiontype": "INV",
            "businesstype": "INV",
            "documentid": document["id"],
            "documentnumber": number,
            "documenttype": target.type,
            "documentdate": date(2024, 1, 1),
            "documentlineid": line["id"],
            "documentlinenumber": f"{number}.{place}",
            "invoiceid": document["id"] if target.type == "Invoice" else document.get("invoiceid"),
            "subscriptionid": line.get("subscriptionid"),
            "rateplanchargeid": line.get("rateplanchargeid"),
            "salesorderlineid": segment,
            "documentquantity": 1,
            "sellprice": line.get("chargeamount", line.get("amount", 0)),
            **_CURRENCY,
            **_NOT_EXCLUDED,
        }


_DOCUMENT_NUMBERS = ("invoicenumber", "memonumber", "adjustmentnumber")
