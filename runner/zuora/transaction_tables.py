"""The tables of Data Query that hold what the regenerate operations produce, and how their rows name an object.

Sources: "Booking Transaction object fields and Data Query", "Billing Transaction object fields and Data Query". The
columns are those of the published field pages; a tenant may lack some, so `SHOW COLUMNS` is asked first. A booking has
no number of its order line item: it is looked up in OrderLineItem.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

Names = tuple[tuple[str, str], ...]  # the columns that name an object, and its values in them


@dataclass(frozen=True)
class TransactionTable:
    """One table: its columns that matter, and which of them a field of a request's body stands in."""

    name: str
    optional: tuple[str, ...]
    fields: Mapping[str, str] = field(hash=False)
    line_column: str  # the id that Zuora Revenue knows a transaction by. Source: "Booking data mapping"

    @property
    def sql_name(self) -> str:
        """Its name in a query."""
        return self.name.lower()

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns to ask for; those of `ALWAYS` must be there."""
        return (*ALWAYS, *self.optional)

    def lacking(self, columns: Collection[str]) -> list[str]:
        """Which of the columns that must be there are not among a tenant's."""
        return [column for column in ALWAYS if column not in columns]

    def names_of(self, body: Mapping[str, object]) -> Names | None:
        """The columns and values that name a body's object; None where its fields are in no column."""
        fields = {name: value for name, value in body.items() if name != "type"}
        if not fields or not fields.keys() <= self.fields.keys():
            return None
        return tuple(sorted((self.fields[name], str(value)) for name, value in fields.items()))


ALWAYS = ("id", "updateddate")

BOOKING_TRANSACTION = TransactionTable(
    name="BookingTransaction",
    line_column="salesorderlineid",
    optional=(
        "createddate",
        "updatedbyid",
        "subscriptionid",
        "subscriptionnumber",
        "subscriptionversion",
        "orderlineitemid",
        "rateplanchargeid",
        "chargenumber",
        "salesorderlineid",
        "transactiontype",
    ),
    fields={
        "subscriptionId": "subscriptionid",
        "subscriptionName": "subscriptionnumber",  # sic: SubscriptionName exists in billing transactions only
        "subscriptionVersion": "subscriptionversion",
        "orderLineItemId": "orderlineitemid",
        "ratePlanChargeId": "rateplanchargeid",
        "chargeNumber": "chargenumber",
    },
)
BILLING_TRANSACTION = TransactionTable(
    name="BillingTransaction",
    line_column="documentlineid",
    optional=(
        "createddate",
        "updatedbyid",
        "documentid",
        "documentnumber",
        "documenttype",
        "documentlineid",
        "salesorderlineid",
        "transactiontype",
    ),
    fields={"id": "documentid", "documentId": "documentid", "number": "documentnumber"},
)
ORDER_LINE_ITEM_FIELDS = frozenset({"orderNumber", "itemNumber"})
