"""The operations of the Zuora API that a manifest row can ask for, one value each.

Source: Zuora API reference, "Regenerate booking transactions" and "Regenerate billing transactions".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Ids = tuple[str, ...]


def string_list(value: object) -> Ids | None:
    """`idList`: a list of strings, possibly empty; None for anything else."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None


@dataclass(frozen=True)
class Operation:
    """One endpoint: where it is, which types of object it takes and what a success of it must hold."""

    name: str
    path: str
    types: frozenset[str]
    declares: str  # the field that a success holds
    ids: Callable[[object], Ids | None]  # that field's value as ids; None if it is missing or of another type


BOOKING = Operation(
    name="booking-transaction",
    path="/v1/uno-regenerate/booking-transaction",
    types=frozenset({"Subscription", "OrderLineItem", "DynamicUsageCharge"}),
    declares="idList",
    ids=string_list,
)
BILLING = Operation(
    name="billing-transaction",
    path="/v1/uno-regenerate/billing-transaction",
    types=frozenset({"Invoice", "CreditMemo", "DebitMemo", "InvoiceItemAdjustment"}),
    declares="idList",
    ids=string_list,
)

OPERATIONS: Mapping[str, Operation] = {operation.name: operation for operation in (BOOKING, BILLING)}
BY_TYPE: Mapping[str, Operation] = {type_: operation for operation in OPERATIONS.values() for type_ in operation.types}


def flags(*, only_resend: bool, re_migrate: bool) -> dict[str, str]:
    """The query of a regenerate call: only what is true is sent."""
    asked = {"onlyReSend": only_resend, "reMigrate": re_migrate}
    return {name: "true" for name, value in asked.items() if value}
