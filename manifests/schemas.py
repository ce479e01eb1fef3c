"""What identifies an object of each type: one declaration per type, no code.

Source: the bodies of *Regenerate booking transactions* and *Regenerate billing transactions*, and the parameters of the
two *Regenerate revenue recognition events* (delivery schedule, daily consumption), in Zuora's API reference.
Another type is another value in `TYPES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from functools import lru_cache


class Kind(Enum):
    """What the text of a cell must be, and what it becomes on the wire."""

    TEXT = "text"
    POSITIVE_INTEGER = "positive integer"
    CHOICE = "choice"


@dataclass(frozen=True)
class Field:
    """One field of the request, and the headers that mean it.

    `headers` belong to this field alone and so tell the type (`subscriptionName`). `own` are the words that several
    types use (`id`, `name`): they count only once the type is known. The first header is the one in the template.
    `heading` is what a manifest calls it, for messages.
    """

    wire: str
    headers: tuple[str, ...]
    own: tuple[str, ...] = ()
    kind: Kind = Kind.TEXT
    choices: Mapping[str, str | bool] = field(default_factory=dict)
    heading: str = ""

    @property
    def name(self) -> str:
        """The field in messages: by the heading of the person's own file, else by the name in the request."""
        return self.heading or self.wire


@dataclass(frozen=True)
class Alternative:
    """Fields that together name one object; how people see it, and the lane of all rows that name the same object."""

    fields: tuple[str, ...]
    label: str
    lane: str

    @property
    def by_id(self) -> bool:
        """Whether it is the id that Zuora gave the object, not a number or a name."""
        return len(self.fields) == 1 and self.fields[0].lower().endswith("id")


@dataclass(frozen=True)
class Schema:
    """One type: its fields and the alternatives among them, the preferred one first.

    `objects` are the names that an export puts before the type's own columns (`Rate Plan Charge: ID`), `relatives`
    those of other objects whose columns identify it as well (`Order: Order Number`).
    """

    name: str
    objects: tuple[str, ...]
    fields: tuple[Field, ...]
    alternatives: tuple[Alternative, ...]
    relatives: tuple[str, ...] = ()

    @property
    def identifying(self) -> frozenset[str]:
        """The wire names of the fields that identify; the rest are details of the request."""
        return frozenset(wire for alternative in self.alternatives for wire in alternative.fields)

    def chosen_by(self, by: str | None) -> tuple[Alternative, ...]:
        """The alternatives that `--by` leaves: all where the type has none of that kind."""
        if by is None:
            return self.alternatives
        ids = tuple(a for a in self.alternatives if a.by_id)
        others = tuple(a for a in self.alternatives if not a.by_id)
        return (ids if by == "id" else others) or self.alternatives

    @property
    def needs(self) -> str:
        """The alternatives in words: `subscriptionName and subscriptionVersion, or subscriptionId`."""
        header = {f.wire: f.headers[0] for f in self.fields}
        return ", or ".join(" and ".join(header[wire] for wire in a.fields) for a in self.alternatives)


def _document(name: str, stem: str, *, objects: tuple[str, ...], number: tuple[str, ...] = ()) -> Schema:
    """A billing type: `id` or `number` on the wire, whatever the type. `documentId` is the older name of `id`."""
    return Schema(
        name=name,
        objects=(name, *objects),
        fields=(
            Field("number", (f"{stem}Number", *number), own=("number",)),
            Field("id", (f"{stem}Id",), own=("id", "documentId")),
        ),
        alternatives=(
            Alternative(("number",), "{number}", name + " {number}"),
            Alternative(("id",), "{id}", name + "#{id}"),
        ),
    )


def _memo(name: str, stem: str) -> Schema:
    """A memo: Zuora's exports head its number `Memo Number`, which does not say whose."""
    schema = _document(name, stem, objects=())
    number, identifier = schema.fields
    number = Field(number.wire, number.headers, own=(*number.own, "memoNumber"))
    return Schema(name, schema.objects, (number, identifier), schema.alternatives)


_RECOLLECT = Field(
    "forRevenueRecollect", ("forRevenueRecollect",), kind=Kind.CHOICE, choices={"true": True, "false": False}
)

_SCHEMAS = (
    Schema(
        name="Subscription",
        objects=("Subscription",),
        fields=(
            # `subscriptionNumber` is Zuora's newer word for the name, but not only a subscription is found by it.
            Field("subscriptionName", ("subscriptionName",), own=("name", "number", "subscriptionNumber")),
            Field("subscriptionVersion", ("subscriptionVersion",), own=("version",), kind=Kind.POSITIVE_INTEGER),
            Field("subscriptionId", ("subscriptionId",), own=("id",)),
        ),
        alternatives=(
            Alternative(
                ("subscriptionName", "subscriptionVersion"),
                "{subscriptionName} v{subscriptionVersion}",
                "Subscription {subscriptionName}",
            ),
            Alternative(("subscriptionId",), "{subscriptionId}", "Subscription#{subscriptionId}"),
        ),
    ),
    Schema(
        name="OrderLineItem",
        objects=("OrderLineItem",),
        relatives=("Order",),
        fields=(
            Field("orderNumber", ("orderNumber",)),
            Field("itemNumber", ("itemNumber", "orderLineItemNumber")),
            Field("orderLineItemId", ("orderLineItemId",), own=("id",)),
        ),
        alternatives=(
            Alternative(("orderNumber", "itemNumber"), "{orderNumber} / {itemNumber}", "Order {orderNumber}"),
            Alternative(("orderLineItemId",), "{orderLineItemId}", "OrderLineItem#{orderLineItemId}"),
        ),
    ),
    Schema(
        name="DynamicUsageCharge",
        objects=("DynamicUsageCharge", "RatePlanCharge", "Charge"),
        fields=(
            Field("chargeNumber", ("chargeNumber", "ratePlanChargeNumber"), own=("number",)),
            Field("ratePlanChargeId", ("ratePlanChargeId",), own=("id",)),
        ),
        alternatives=(
            Alternative(("chargeNumber",), "{chargeNumber}", "Charge {chargeNumber}"),
            Alternative(("ratePlanChargeId",), "{ratePlanChargeId}", "Charge#{ratePlanChargeId}"),
        ),
    ),
    _document("Invoice", "invoice", objects=()),
    _memo("CreditMemo", "creditMemo"),
    _memo("DebitMemo", "debitMemo"),
    _document("InvoiceItemAdjustment", "invoiceItemAdjustment", objects=("Adjustment",), number=("adjustmentNumber",)),
    Schema(
        name="DeliverySchedule",
        objects=("DeliverySchedule",),
        relatives=("Subscription",),
        fields=(
            # Alone it could be a subscription's too: the template says whose.
            Field("subscriptionNumber", ("DeliverySchedule: subscriptionNumber", "subscriptionNumber")),
            Field("mode", ("mode",), kind=Kind.CHOICE, choices={"Incremental": "Incremental", "Full": "Full"}),
            _RECOLLECT,
        ),
        alternatives=(
            Alternative(("subscriptionNumber",), "{subscriptionNumber}", "Subscription {subscriptionNumber}"),
        ),
    ),
    Schema(
        name="DailyConsumption",
        objects=("DailyConsumption",),
        fields=(
            Field("originalChargeId", ("originalChargeId",)),
            Field("chargeSegmentNumber", ("chargeSegmentNumber",)),
            Field("fundId", ("fundId",)),
            _RECOLLECT,
        ),
        alternatives=(Alternative(("originalChargeId",), "{originalChargeId}", "Charge#{originalChargeId}"),),
    ),
)

TYPES: dict[str, Schema] = {schema.name: schema for schema in _SCHEMAS}


_UNREAD = "_-*\ufeff\u200b\u200c\u200d\u2060\xad"  # in headers: the stars of templates, and what cannot be seen


@lru_cache(maxsize=1024)
def folded(word: str) -> str:
    """A word without case, spaces, `_` and `-`: what headers and types are compared by."""
    return "".join(character for character in word.casefold() if not (character.isspace() or character in _UNREAD))


def canonical(type: str) -> str | None:
    """The type that is meant: `order line item` is `OrderLineItem`; None if there is no such type."""
    return {folded(name): name for name in TYPES}.get(folded(type))


@lru_cache(maxsize=1024)
def suggestion(type: str) -> str:
    """What to say to someone who gave a type that does not exist."""
    near = get_close_matches(folded(type), [folded(name) for name in TYPES], n=1)
    known = ", ".join(TYPES)
    return f"did you mean {canonical(near[0])}?" if near else f"use one of {known}"


def template(type: str) -> str:
    """The header of an empty CSV manifest for a type, with its line end. Raises ValueError for an unknown type."""
    name = canonical(type)
    if name is None:
        raise ValueError(f"there is no type {type!r}; {suggestion(type)}")
    header = {f.wire: f.headers[0] for f in TYPES[name].fields}
    return ",".join(header[wire] for wire in TYPES[name].alternatives[0].fields) + "\n"
