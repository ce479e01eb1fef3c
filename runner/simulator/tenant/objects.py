"""What a regenerate request names: the object, seeded or invented, with its lines.

A tenant has whatever a request names, unless it was seeded otherwise: an object that nobody seeded is invented, always
the same for the same name. Each line (a charge segment, an order line item, an item of a document) has one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.simulator.seeded_random import hex_ids
from runner.simulator.tenant.catalog import Catalog, Row, plain
from runner.simulator.tenant.identities import bits, numbered, related

DOCUMENTS = {"Invoice": "invoice", "CreditMemo": "creditmemo", "DebitMemo": "debitmemo"}
_NUMBERS = {"Invoice": "invoicenumber", "CreditMemo": "memonumber", "DebitMemo": "memonumber"}
_BOOKED_STATES = ("Booked", "SentToBilling", "Complete")
_BOOKING_FLAG = "excludeitembookingfromrevenueaccounting"
_BILLING_FLAG = "excludeitembillingfromrevenueaccounting"


@dataclass
class Target:
    """An object with its lines; `parents`: rows of other tables that belong to it, by table."""

    type: str
    row: Row
    lines: list[Row]
    invented: bool = False
    parents: dict[str, list[Row]] = field(default_factory=dict)


class Objects:
    """Finds what a request names in the catalog, or invents it."""

    def __init__(self, catalog: Catalog, seed: int) -> None:
        self._catalog = catalog
        self._seed = seed

    def booking(self, body: Mapping[str, Any]) -> Target:
        """The target of "Regenerate booking transactions"."""
        match body.get("type"):
            case "OrderLineItem":
                return self._order_line(body)
            case "DynamicUsageCharge":
                return self._charge(body)
            case _:
                return self._subscription(body)

    def billing(self, body: Mapping[str, Any]) -> Target:
        """The target of "Regenerate billing transactions"."""
        type_ = str(body.get("type"))
        return self._adjustment(body) if type_ == "InvoiceItemAdjustment" else self._document(type_, body)

    # -- subscriptions and charges ------------------------------------------------------------------------------

    def _subscription(self, body: Mapping[str, Any]) -> Target:
        name, version = body.get("subscriptionName"), _whole(body.get("subscriptionVersion"))
        identity = plain(body.get("subscriptionId"))
        row = self._catalog.first("subscription", id=identity) or self._catalog.first(
            "subscription", name=name, version=version
        )
        if row is None:
            return self._invented_subscription(identity, name, version)
        plans = self._catalog.all("rateplan", subscriptionid=row["id"])
        charges = [charge for plan in plans for charge in self._catalog.all("rateplancharge", rateplanid=plan["id"])]
        booked = [charge for charge in charges if not charge.get(_BOOKING_FLAG)]
        return Target("Subscription", row, booked if _has_bookings(row) else [])

    def _invented_subscription(self, identity: str | None, name: Any, version: int | None) -> Target:
        identity = identity or self._id("subscription", name, version)
        name, version = name or numbered("A-S", identity), version or 1
        original = self._id("subscription", name, 0)
        row = {"id": identity, "name": name, "version": version, "status": "Active", "originalid": original}
        plan = {"id": related(identity, "rate plan"), "subscriptionid": identity, "name": "Plan"}
        lines = [
            _charge(plan, related(identity, "charge", line), related(original, "charge", line), version)
            for line in _lines(identity)
        ]
        return Target("Subscription", row, lines, True, {"rateplan": [plan]})

    def _charge(self, body: Mapping[str, Any]) -> Target:
        identity, number = plain(body.get("ratePlanChargeId")), body.get("chargeNumber")
        row = self._catalog.first("rateplancharge", id=identity)
        rows = [row] if row else self._catalog.all("rateplancharge", chargenumber=number)
        if rows:
            return self._known_charge(rows)
        name = identity or number
        identity = identity or self._id("charge", name)
        subscription = self._id("subscription of charge", name)
        plan = {"id": related(subscription, "rate plan"), "subscriptionid": subscription}
        charge = (
            _charge(plan, identity, identity, 1)
            | {"chargetype": "Usage"}
            | ({"chargenumber": number} if number else {})
        )
        row = {"id": subscription, "name": numbered("A-S", subscription), "version": 1, "status": "Active"}
        return Target("DynamicUsageCharge", row, [charge], True, {"rateplan": [plan]})

    def _known_charge(self, rows: list[Row]) -> Target:
        plan = self._catalog.first("rateplan", id=rows[0].get("rateplanid")) or {}
        subscription = self._catalog.first("subscription", id=plan.get("subscriptionid")) or {}
        return Target("DynamicUsageCharge", subscription, [row for row in rows if not row.get(_BOOKING_FLAG)])

    # -- order line items ---------------------------------------------------------------------------------------

    def _order_line(self, body: Mapping[str, Any]) -> Target:
        identity, order_number, item = (
            plain(body.get("orderLineItemId")),
            body.get("orderNumber"),
            body.get("itemNumber"),
        )
        order = self._catalog.first("orders", ordernumber=order_number)
        row = self._catalog.first("orderlineitem", id=identity)
        if row is None and order is not None:
            row = self._catalog.first("orderlineitem", orderid=order["id"], itemnumber=str(item))
        if row is not None:
            order = self._catalog.first("orders", id=row.get("orderid")) or {}
            booked = row.get("itemstate", "Complete") in _BOOKED_STATES and not row.get(_BOOKING_FLAG)
            return Target("OrderLineItem", row, [row] if booked else [], parents={"orders": [order]})
        identity = identity or self._id("order line item", order_number, item)
        order = {"ordernumber": order_number or numbered("O-", identity), "status": "Completed"}
        order["id"] = self._id("order", order["ordernumber"])
        row = {"id": identity, "orderid": order["id"], "itemnumber": str(item or 1), "itemstate": "Complete"}
        return Target("OrderLineItem", row, [row], True, {"orders": [order]})

    # -- documents ----------------------------------------------------------------------------------------------

    def _document(self, type_: str, body: Mapping[str, Any]) -> Target:
        table, number_column = DOCUMENTS[type_], _NUMBERS[type_]
        identity, number = plain(body.get("id") or body.get("documentId")), body.get("number")
        row = self._catalog.first(table, id=identity) or self._catalog.first(table, **{number_column: number})
        if row is not None:
            items = self._catalog.all(f"{table}item", **{f"{table}id": row["id"]})
            synced = [item for item in items if not item.get(_BILLING_FLAG)]
            return Target(type_, row, synced if row.get("status", "Posted") == "Posted" else [])
        identity = identity or self._id(table, number)
        prefix = {"Invoice": "INV", "CreditMemo": "CM", "DebitMemo": "DM"}[type_]
        row = {"id": identity, number_column: number or numbered(prefix, identity), "status": "Posted"}
        common = {f"{table}id": identity, "subscriptionid": self._id("billed", identity)}
        lines = [{"id": related(identity, "item", line), **common} for line in _lines(identity)]
        return Target(type_, row, lines, True)

    def _adjustment(self, body: Mapping[str, Any]) -> Target:
        identity, number = plain(body.get("id") or body.get("documentId")), body.get("number")
        row = self._catalog.first("invoiceitemadjustment", id=identity) or self._catalog.first(
            "invoiceitemadjustment", adjustmentnumber=number
        )
        if row is not None:
            return Target("InvoiceItemAdjustment", row, [row] if row.get("status", "Processed") == "Processed" else [])
        identity = identity or self._id("adjustment", number)
        row = {"id": identity, "adjustmentnumber": number or numbered("IIA-", identity), "status": "Processed"}
        row |= {"invoiceid": self._id("adjusted", identity), "sourcetype": "InvoiceDetail"}
        return Target("InvoiceItemAdjustment", row, [row], True)

    # -- names --------------------------------------------------------------------------------------------------

    def _id(self, *names: Any) -> str:
        return hex_ids(self._seed, 1, *names)[0]


def _charge(plan: Row, identity: str, original: str, version: int) -> Row:
    """An invented charge; `original` is the same for all versions."""
    return {
        "id": identity,
        "originalid": original,
        "rateplanid": plan["id"],
        "chargenumber": numbered("C-", original),
        "chargetype": "Recurring",
        "segment": 1,
        "version": version,
        "price": 1000 + bits(original) % 9000,
    }


def _lines(identity: str) -> range:
    """One to three."""
    return range(1, 2 + (bits(identity) >> 64) % 3)


def _has_bookings(subscription: Row) -> bool:
    """Drafts have none, and pending ones have none unless the tenant is set otherwise."""
    status = str(subscription.get("status", "Active"))
    return status != "Draft" and not status.startswith("Pending")


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, str)) and str(value).isdecimal() else None


def object_rows(target: Target) -> Iterator[tuple[str, Row]]:
    """The rows of an invented object, with the tables that they are in."""
    tables = {
        "Subscription": ("subscription", "rateplancharge"),
        "DynamicUsageCharge": ("subscription", "rateplancharge"),
    }
    table = DOCUMENTS.get(target.type, target.type.lower())
    own, lines = tables.get(target.type, (table, f"{table}item"))
    yield own, target.row
    if target.lines != [target.row]:
        yield from ((lines, line) for line in target.lines)
    yield from ((parent, row) for parent, rows in target.parents.items() for row in rows)
