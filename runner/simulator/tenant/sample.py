"""A tenant to rehearse in: some of every object that has transactions, with those among them that cannot have any."""

from __future__ import annotations

from typing import Any

from runner.simulator.seeded_random import draw
from runner.simulator.tenant.catalog import Row
from runner.simulator.tenant.records import Records

_DAYS = 30  # the objects changed within so many days
_SUBSCRIPTIONS = ("Active", "Active", "Active", "Cancelled", "Draft")
_LINES = ("Complete", "Booked", "SentToBilling", "Executing")
_DOCUMENTS = ("Posted", "Posted", "Posted", "Canceled", "Draft")
_EXCLUDED = 0.05  # share of charges, lines and items that are excluded from Revenue
_BOOKING_FLAG, _BILLING_FLAG = "excludeitembookingfromrevenueaccounting", "excludeitembillingfromrevenueaccounting"


class Sample:
    """Seeds `count` objects of each type, the same for the same seed."""

    def __init__(self, records: Records, count: int, seed: int, now: float) -> None:
        self._records = records
        self._numbers = range(1, count + 1)
        self._seed = seed
        self._now = now

    def insert(self) -> None:
        """Write all rows."""
        self._subscriptions()
        self._order_lines()
        for type_, prefix in (("Invoice", "INV"), ("CreditMemo", "CM"), ("DebitMemo", "DM")):
            self._documents(type_, prefix)
        adjustments = [
            {"AdjustmentNumber": f"IIA-{number:08d}", "Status": "Processed", **self._updated("adjustment", number)}
            for number in self._numbers
        ]
        self._records.insert("InvoiceItemAdjustment", adjustments)

    def _subscriptions(self) -> None:
        rows = [
            {"Name": f"A-S{number:08d}", "Version": 1, **self._changed("subscription", number, _SUBSCRIPTIONS)}
            for number in self._numbers
        ]
        ids = self._records.insert("Subscription", rows)
        plans = self._records.insert("RatePlan", [{"SubscriptionId": identity, "Name": "Plan"} for identity in ids])
        charges = [
            {"RatePlanId": plan, "ChargeNumber": f"C-{2 * number - line:08d}", "Segment": 1, "Version": 1}
            | self._excluded("charge", 2 * number - line, _BOOKING_FLAG)
            for number, plan in zip(self._numbers, plans, strict=True)
            for line in (1, 0)
        ]
        self._records.insert("RatePlanCharge", charges)

    def _order_lines(self) -> None:
        orders = [{"OrderNumber": f"O-{number:08d}", "Status": "Completed"} for number in self._numbers]
        lines = [
            {"OrderId": order, "ItemNumber": "1", **self._updated("order line", number)}
            | {"ItemState": self._one_of(_LINES, "order line", number)}
            | self._excluded("order line", number, _BOOKING_FLAG)
            for number, order in zip(self._numbers, self._records.insert("Orders", orders), strict=True)
        ]
        self._records.insert("OrderLineItem", lines)

    def _documents(self, type_: str, prefix: str) -> None:
        name = "InvoiceNumber" if type_ == "Invoice" else "MemoNumber"
        rows = [{name: f"{prefix}{number:08d}", **self._changed(type_, number, _DOCUMENTS)} for number in self._numbers]
        items = [
            {f"{type_}Id": identity, **self._excluded(type_, number, _BILLING_FLAG)}
            for number, identity in zip(self._numbers, self._records.insert(type_, rows), strict=True)
        ]
        self._records.insert(f"{type_}Item", items)

    def _changed(self, type_: str, number: int, statuses: tuple[str, ...]) -> Row:
        return {"Status": self._one_of(statuses, type_, number), **self._updated(type_, number)}

    def _updated(self, type_: str, number: int) -> Row:
        age = draw(self._seed, "age", type_, number) * _DAYS * 86400
        return {"UpdatedDate": self._now - age}

    def _excluded(self, type_: str, number: int, flag: str) -> dict[str, Any]:
        return {flag: draw(self._seed, "excluded", type_, number) < _EXCLUDED}

    def _one_of(self, values: tuple[str, ...], type_: str, number: int) -> str:
        return values[int(draw(self._seed, "status", type_, number) * len(values))]
