"""The tables that manifests are made from: which columns name an object, and what makes a transaction impossible.

Sources: "Indexed fields" and "Available tables" of Data Query; the statuses are those of the SDK's models; "Overview of
Booking Transactions" and "Overview of Billing Transactions" for what never has a transaction; "Fields for Zuora
Billing-Revenue integration" for the two flags, which not every tenant shows in every table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from manifests.schemas import folded
from runner.domain.errors import Refused

BOOKING_FLAG = "excludeitembookingfromrevenueaccounting"
BILLING_FLAG = "excludeitembillingfromrevenueaccounting"
ID, STATUS, UPDATED = "id", "status", "updateddate"

_SUBSCRIPTION_STATUSES = (
    *("Draft", "Pending Activation", "Pending Acceptance", "Active", "Cancelled", "Suspended", "Expired"),
)
_DOCUMENT_STATUSES = ("Draft", "Posted", "Canceled", "CancelInProgress", "Generating", "PendingForTax", "Split")


@dataclass(frozen=True)
class Items:
    """The rows whose flags exclude an object from Revenue if all of them say so.

    `source` is what stands behind FROM, `owner` the column with the object's id, `flag` the table's flag, prefixed with
    `alias`.
    """

    table: str
    source: str
    owner: str
    flag: str
    alias: str = ""

    @property
    def flag_column(self) -> str:
        """The flag as a query of `source` names it."""
        return f"{self.alias}.{self.flag}" if self.alias else self.flag


@dataclass(frozen=True)
class Lines:
    """The lines of an object: its charges, its items. They change without it: by a backfill, by hand.

    `join` stands behind the table's source and ends with `table`, whose alias is `l`.
    """

    table: str
    join: str


@dataclass(frozen=True)
class Table:
    """The table of one type.

    `columns` are the manifest's columns and what they are in SQL; the first is the object's id, the last two its
    status and the time of its last update. `barren` are the statuses that cannot have a transaction, with the reason.
    """

    type: str
    name: str  # as Data Query spells it
    source: str  # what stands behind FROM; the table's alias is `o`
    columns: Mapping[str, str]
    statuses: tuple[str, ...]
    barren: Mapping[str, str]
    transactions: str
    transaction_owner: str  # the column of the transactions that holds the object's id
    flag: str | None = None  # of the object itself
    items: Items | None = None
    lines: Lines | None = None

    @property
    def sql_name(self) -> str:
        """Its name in a query."""
        return self.name.lower()


def _document(type: str, number: str, items: Items | None, statuses: tuple[str, ...] = _DOCUMENT_STATUSES) -> Table:
    stem = type[0].lower() + type[1:]
    lively = {"Posted", "Processed"}
    return Table(
        type=type,
        name=type,
        source=f"{type.lower()} o",
        columns={f"{stem}Id": "o.id", f"{stem}Number": f"o.{number}", STATUS: "o.status", UPDATED: "o.updateddate"},
        statuses=statuses,
        barren={status: _why(status) for status in statuses if status not in lively},
        transactions="billingtransaction",
        transaction_owner="documentid",
        items=items,
        lines=None if items is None else Lines(items.table, f"JOIN {items.table} l ON l.{items.owner} = o.id"),
    )


def _why(status: str) -> str:
    if status in ("Canceled", "CancelInProgress"):
        return "cancelled: a cancelled document cannot be regenerated"
    return "not posted: a billing transaction is that of a posted document"


_TABLES = (
    Table(
        type="Subscription",
        name="Subscription",
        source="subscription o",
        columns={
            "subscriptionId": "o.id",
            "subscriptionName": "o.name",
            "subscriptionVersion": "o.version",
            STATUS: "o.status",
            UPDATED: "o.updateddate",
        },
        statuses=_SUBSCRIPTION_STATUSES,
        barren={"Draft": "a draft has no booking transaction"},
        transactions="bookingtransaction",
        transaction_owner="subscriptionid",
        items=Items(
            table="rateplancharge",
            source="rateplan p JOIN rateplancharge c ON c.rateplanid = p.id",
            owner="p.subscriptionid",
            flag=BOOKING_FLAG,
            alias="c",
        ),
        lines=Lines(
            "rateplancharge",
            "JOIN rateplan p ON p.subscriptionid = o.id JOIN rateplancharge l ON l.rateplanid = p.id",
        ),
    ),
    Table(
        type="OrderLineItem",
        name="OrderLineItem",
        source="orderlineitem o JOIN orders r ON r.id = o.orderid",
        columns={
            "orderLineItemId": "o.id",
            "orderNumber": "r.ordernumber",
            "itemNumber": "o.itemnumber",
            STATUS: "o.itemstate",
            UPDATED: "o.updateddate",
        },
        statuses=("Executing", "Booked", "SentToBilling", "Complete", "Canceled"),
        barren={"Executing": "an order line item has a booking transaction once it is booked"},
        transactions="bookingtransaction",
        transaction_owner="orderlineitemid",
        flag=BOOKING_FLAG,
    ),
    _document("Invoice", "invoicenumber", Items("invoiceitem", "invoiceitem", "invoiceid", BILLING_FLAG)),
    _document("CreditMemo", "memonumber", Items("creditmemoitem", "creditmemoitem", "creditmemoid", BILLING_FLAG)),
    _document("DebitMemo", "memonumber", Items("debitmemoitem", "debitmemoitem", "debitmemoid", BILLING_FLAG)),
    _document("InvoiceItemAdjustment", "adjustmentnumber", None, ("Processed", "Canceled")),
)
TABLES: Mapping[str, Table] = {table.type: table for table in _TABLES}
_ONLY_BY_SQL = ("DynamicUsageCharge", "DeliverySchedule", "DailyConsumption")


def table_of(type: str) -> Table:
    """The table of a type. Raises Refused for a type that no published column tells from others."""
    name = {folded(name): name for name in TABLES}.get(folded(type))
    if name is not None:
        return TABLES[name]
    if folded(type) in map(folded, _ONLY_BY_SQL):
        raise Refused(f"no published table lists the objects of type {type}: give a query of your own with --sql FILE")
    near = get_close_matches(type, [*TABLES, *_ONLY_BY_SQL], n=1, cutoff=0.5)
    more = f"did you mean {near[0]}?" if near else f"use one of {', '.join(TABLES)}"
    raise Refused(f"there is no type {type!r}; {more}")


def status_of(table: Table, text: str) -> str:
    """A status as the tenant spells it: `posted` is `Posted`. Raises Refused for one that the type does not have."""
    known = {folded(status): status for status in table.statuses}
    if folded(text) in known:
        return known[folded(text)]
    near = get_close_matches(folded(text), known, n=1)
    more = f"did you mean {known[near[0]]!r}?" if near else f"there are: {', '.join(table.statuses)}"
    raise Refused(f"a {table.type} has no status {text!r}; {more}")
