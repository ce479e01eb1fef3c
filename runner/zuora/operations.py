"""The operations of the Zuora API that a run can ask for, one value each.

Source: Zuora API reference, "Regenerate booking transactions", "Regenerate billing transactions", "Regenerate revenue
recognition events" (delivery schedule, daily consumption), "Create a data backfill job", "Create a booking date
backfill job", "Create a journal run", and the operations that retrieve what the last three create.
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


def one_string(value: object) -> Ids | None:
    """`jobId`, `journalRunNumber`: a string that is not empty; None for anything else."""
    return (value,) if isinstance(value, str) and value.strip() else None


def nothing(value: object) -> Ids:
    """No field at all: success is all there is to tell."""
    return ()


@dataclass(frozen=True)
class Tail:
    """How what a request created is followed to its end."""

    path: str  # of "Retrieve …"; {} stands for the job's id or the run's number
    within: str | None = None  # the field that holds the job; None: the answer itself does


@dataclass(frozen=True)
class Operation:
    """One endpoint: where it is, which types of object it takes and what a success of it must hold."""

    name: str
    path: str
    types: frozenset[str]
    declares: str  # the field that a success holds
    ids: Callable[[object], Ids | None]  # that field's value as ids; None if it is missing or of another type
    typed: bool = True  # whether the body names the type
    flagged: bool = False  # whether it takes `onlyReSend` and `reMigrate`
    parameters: frozenset[str] = frozenset()  # the fields that go into the query, not the body
    keyed: bool = True  # whether it honours an Idempotency-Key
    tail: Tail | None = None


BOOKING = Operation(
    name="booking-transaction",
    path="/v1/uno-regenerate/booking-transaction",
    types=frozenset({"Subscription", "OrderLineItem", "DynamicUsageCharge"}),
    declares="idList",
    ids=string_list,
    flagged=True,
)
BILLING = Operation(
    name="billing-transaction",
    path="/v1/uno-regenerate/billing-transaction",
    types=frozenset({"Invoice", "CreditMemo", "DebitMemo", "InvoiceItemAdjustment"}),
    declares="idList",
    ids=string_list,
    flagged=True,
)
DELIVERY_SCHEDULE = Operation(
    name="rev-rec-events",
    path="/v1/uno-regenerate/rev-rec-events",
    types=frozenset({"DeliverySchedule"}),
    declares="success",
    ids=nothing,
    typed=False,
    parameters=frozenset({"subscriptionNumber", "mode", "forRevenueRecollect"}),
)
DAILY_CONSUMPTION = Operation(
    name="daily-consumption",
    path="/v1/uno-regenerate/rev-rec-events/daily-consumption",
    types=frozenset({"DailyConsumption"}),
    declares="success",
    ids=nothing,
    typed=False,
    parameters=frozenset({"forRevenueRecollect"}),
)
BACKFILL = Operation(
    name="data-backfill",
    path="/v1/uno/data-backfill/jobs",
    types=frozenset(),
    declares="jobId",
    ids=one_string,
    keyed=False,
    tail=Tail("/v1/uno/data-backfill/jobs/{}", "job"),
)
BOOKING_DATES = Operation(
    name="booking-dates",
    path="/v1/uno/data-backfill/bookingdate/jobs",
    types=frozenset(),
    declares="jobId",
    ids=one_string,
    tail=Tail("/v1/uno/data-backfill/bookingdate/jobs/{}", "job"),
)
JOURNAL_RUN = Operation(
    name="journal-run",
    path="/v1/journal-runs",
    types=frozenset(),
    declares="journalRunNumber",
    ids=one_string,
    tail=Tail("/v1/journal-runs/{}"),
)

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for operation in (
        BOOKING,
        BILLING,
        DELIVERY_SCHEDULE,
        DAILY_CONSUMPTION,
        BACKFILL,
        BOOKING_DATES,
        JOURNAL_RUN,
    )
}
BY_TYPE: Mapping[str, Operation] = {type_: operation for operation in OPERATIONS.values() for type_ in operation.types}


def flags(*, only_resend: bool, re_migrate: bool) -> dict[str, str]:
    """The query of a regenerate call: only what is true is sent."""
    asked = {"onlyReSend": only_resend, "reMigrate": re_migrate}
    return {name: "true" for name, value in asked.items() if value}


def parameters(values: Mapping[str, object]) -> dict[str, str]:
    """Fields as a query: text as it stands, true as `true`; what is false or not given is not sent."""
    return {name: "true" if value is True else str(value) for name, value in values.items() if value}
