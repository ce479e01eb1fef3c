"""The objects whose records a backfill changed: from the ids of records to manifests of their objects.

Source: "Indexed fields" of Data Query for the ways from a record to its object; "Create a data backfill job" for the
types. A product rate plan charge is no subscription's: what its backfill changes is not known from its id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from manifests.schemas import folded
from runner.domain.errors import Refused
from runner.select.query import Filters, statement
from runner.select.tables import TABLES, Table
from runner.zuora.data_query.literals import quoted, spellings
from runner.zuora.data_query.parts import TEXTS_A_QUERY, halved


@dataclass(frozen=True)
class Way:
    """From records to the objects of a type: what is joined to the object's table, and the column with their ids."""

    type: str
    join: str
    record: str

    def table(self) -> Table:
        """The object's table with the records joined to it."""
        table = TABLES[self.type]
        return replace(table, source=f"{table.source} {self.join}".rstrip())


_MEMO = "JOIN {0}item d ON d.{0}id = o.id"
WAYS: Mapping[str, tuple[Way, ...]] = {
    "RatePlanCharge": (
        Way(
            "Subscription",
            "JOIN rateplan p ON p.subscriptionid = o.id JOIN rateplancharge c ON c.rateplanid = p.id",
            "c.id",
        ),
    ),
    "InvoiceDetail": (Way("Invoice", "JOIN invoiceitem d ON d.invoiceid = o.id", "d.id"),),
    "MemoDetail": (
        Way("CreditMemo", _MEMO.format("creditmemo"), "d.id"),
        Way("DebitMemo", _MEMO.format("debitmemo"), "d.id"),
    ),
    "InvoiceItemAdjustment": (Way("InvoiceItemAdjustment", "", "o.id"),),
    "OrderLineItem": (Way("OrderLineItem", "", "o.id"),),
}


def ways_of(backfill_type: str) -> tuple[Way, ...]:
    """The objects that a type of backfill changes. Raises Refused where that is not known."""
    ways = {folded(type): ways for type, ways in WAYS.items()}.get(folded(backfill_type))
    if ways is None:
        raise Refused(
            f"which objects a backfill of {backfill_type} changes is not known from its records: put a step "
            '`do = "select"` behind it, with `updated_since = "step N"`, and regenerate from that'
        )
    return ways


@dataclass(frozen=True)
class Records:
    """The objects of a list of records, as a query that can be halved."""

    way: Way
    flag: bool
    ids: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The query."""
        select = statement(self.way.table(), Filters(), flag=self.flag, at_any_time=True)
        return f"{select} WHERE {self.way.record} IN ({quoted(self.ids)})"

    def halves(self) -> Sequence[Records]:
        """Two halves of the list."""
        return tuple(replace(self, ids=half) for half in halved(self.ids))


def parts_of(way: Way, ids: Sequence[str], *, flag: bool) -> list[Records]:
    """The queries for a list of records, whose ids are spelled as tenants may spell them."""
    spelled = [text for id_ in ids for text in _spellings(id_)]
    starts = range(0, len(spelled), TEXTS_A_QUERY)
    return [Records(way, flag, tuple(spelled[at : at + TEXTS_A_QUERY])) for at in starts]


def _spellings(id_: str) -> Sequence[str]:
    """An id with and without hyphens; one of another form as it is."""
    plain = id_.replace("-", "")
    return spellings(plain) if len(plain) == 32 else (id_,)
