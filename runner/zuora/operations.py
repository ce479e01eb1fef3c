"""The operations of the Zuora API that a run can send: everything known of one of them is in its value.

Another operation is another value and a schema of its manifest (`manifests/schemas.py`): plan, production question,
results, reconcile and jobs follow from them.

Source: Zuora API reference, "Regenerate booking transactions", "Regenerate billing transactions", "Regenerate revenue
recognition events" (delivery schedule, daily consumption), "Create a data backfill job", "Create a booking date
backfill job", "Create an auto backfill job", "Create a journal run", and the operations that retrieve, list and stop
what the last four create.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from runner.zuora.transaction_tables import BILLING_TRANSACTION, BOOKING_TRANSACTION, TransactionTable

Ids = tuple[str, ...]


@dataclass(frozen=True)
class IdField:
    """How the field that a success holds is read: its value as ids, or None if it is missing or of another type."""

    read: Callable[[object], Ids | None]
    count: int | None  # of ids in a whole value; None: any number

    def __call__(self, value: object) -> Ids | None:
        return self.read(value)


def _string_list(value: object) -> Ids | None:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None


def _one_string(value: object) -> Ids | None:
    return (value,) if isinstance(value, str) and value.strip() else None


string_list = IdField(_string_list, None)  # `idList`: strings, possibly none
one_string = IdField(_one_string, 1)  # `jobId`, `journalRunNumber`: a string that is not empty
nothing = IdField(lambda value: (), 0)  # no field besides `success`


class Overwrites(Enum):
    """Whether an operation replaces data that exists. Flags: "Regenerate booking transactions", `reMigrate`."""

    UNLESS_RESENT = "unless onlyReSend"
    ON_RE_MIGRATE = "only with reMigrate"
    ALWAYS = "always"
    NEVER = "never"
    UNDOCUMENTED = "undocumented"  # Zuora's documentation is silent: the production question says so

    def applies(self, *, only_resend: bool, re_migrate: bool) -> bool:
        """Whether it does, or may do, so under these flags."""
        match self:
            case Overwrites.UNLESS_RESENT:
                return not only_resend
            case Overwrites.ON_RE_MIGRATE:
                return re_migrate and not only_resend
            case _:
                return self is not Overwrites.NEVER


@dataclass(frozen=True)
class Tail:
    """How what a request created is followed to its end, listed and stopped. In a path, {} stands for its id."""

    path: str  # of "Retrieve …"
    stop_path: str  # empty where nothing stops it
    stop_body: bytes | None = b'{"status":"Stopping"}'
    within: str | None = None  # the field that holds the job; None: the answer itself does
    list_path: str | None = None
    prefix: str = ""  # what its ids begin with, where they can be known by it
    error_count: str | None = None  # the field that counts errors of a job that is completed all the same


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One endpoint: where it is, what it takes, what a success of it must hold and what it does to existing data."""

    name: str
    path: str
    method: str = "POST"
    types: frozenset[str]
    noun: str  # what a request makes, singular: "booking transaction", "backfill job"
    overwrites: Overwrites
    declares: str  # the field that a success holds
    ids: IdField  # how that field is read
    effect: str | None = None  # what a job does, in words, where its flags do not say it
    typed: bool = True  # whether the body names the type
    flagged: bool = False  # whether it takes `onlyReSend` and `reMigrate`
    parameters: frozenset[str] = frozenset()  # the fields that go into the query, not the body
    keyed: bool = True  # whether it honours an Idempotency-Key
    upload: bool = False  # whether it sends a file, in parts, and has a result file
    query_table: TransactionTable | None = None  # the table of Data Query that holds what it makes
    tail: Tail | None = None


BOOKING = Operation(
    name="booking-transaction",
    path="/v1/uno-regenerate/booking-transaction",
    types=frozenset({"Subscription", "OrderLineItem", "DynamicUsageCharge"}),
    noun="booking transaction",
    overwrites=Overwrites.UNLESS_RESENT,
    declares="idList",
    ids=string_list,
    flagged=True,
    query_table=BOOKING_TRANSACTION,
)
BILLING = Operation(
    name="billing-transaction",
    path="/v1/uno-regenerate/billing-transaction",
    types=frozenset({"Invoice", "CreditMemo", "DebitMemo", "InvoiceItemAdjustment"}),
    noun="billing transaction",
    overwrites=Overwrites.ON_RE_MIGRATE,
    declares="idList",
    ids=string_list,
    flagged=True,
    query_table=BILLING_TRANSACTION,
)
DELIVERY_SCHEDULE = Operation(
    name="rev-rec-events",
    path="/v1/uno-regenerate/rev-rec-events",
    types=frozenset({"DeliverySchedule"}),
    noun="revenue recognition event",
    overwrites=Overwrites.UNDOCUMENTED,
    declares="success",
    ids=nothing,
    typed=False,
    parameters=frozenset({"subscriptionNumber", "mode", "forRevenueRecollect"}),
)
DAILY_CONSUMPTION = Operation(
    name="daily-consumption",
    path="/v1/uno-regenerate/rev-rec-events/daily-consumption",
    types=frozenset({"DailyConsumption"}),
    noun="daily consumption event",
    overwrites=Overwrites.UNDOCUMENTED,
    declares="success",
    ids=nothing,
    typed=False,
    parameters=frozenset({"forRevenueRecollect"}),
)
BACKFILL = Operation(
    name="data-backfill",
    path="/v1/uno/data-backfill/jobs",
    types=frozenset(),
    noun="data backfill job",
    overwrites=Overwrites.ALWAYS,
    effect="the records in the files are OVERWRITTEN in Billing",
    declares="jobId",
    ids=one_string,
    keyed=False,
    upload=True,
    tail=Tail(
        path="/v1/uno/data-backfill/jobs/{}",
        within="job",
        stop_path="/v1/uno/data-backfill/jobs/{}",
        list_path="/v1/uno/data-backfill/listjobs",
    ),
)
BOOKING_DATES = Operation(
    name="booking-dates",
    path="/v1/uno/data-backfill/bookingdate/jobs",
    types=frozenset(),
    noun="booking date backfill job",
    overwrites=Overwrites.ALWAYS,
    effect="booking dates of the whole tenant are OVERWRITTEN",
    declares="jobId",
    ids=one_string,
    tail=Tail(
        path="/v1/uno/data-backfill/bookingdate/jobs/{}",
        within="job",
        stop_path="/v1/uno/data-backfill/bookingdate/jobs/{}",
        list_path="/v1/uno/data-backfill/bookingdate/jobs",
        error_count="errorCount",
    ),
)
AUTO_BACKFILL = Operation(
    name="auto-backfill",
    path="/v1/uno/data-backfill/propagation/jobs",
    types=frozenset(),
    noun="auto backfill job",
    overwrites=Overwrites.ALWAYS,
    effect="values of the product catalog are copied over those of charges or order line items, which are OVERWRITTEN",
    declares="jobId",
    ids=one_string,
    tail=Tail(
        path="/v1/uno/data-backfill/propagation/jobs/{}",
        within="job",
        stop_path="/v1/uno/data-backfill/propagation/jobs/{}",
        list_path="/v1/uno/data-backfill/propagation/jobs",
        error_count="errorCount",
    ),
)
AUTO_BACKFILL_DRY_RUN = replace(  # the same call with `dryRun`: the job changes nothing
    AUTO_BACKFILL,
    name="auto-backfill-dry-run",
    overwrites=Overwrites.NEVER,
    effect="a dry run: nothing is changed",
    tail=None if AUTO_BACKFILL.tail is None else replace(AUTO_BACKFILL.tail, list_path=None),  # listed once
)
JOURNAL_RUN = Operation(
    name="journal-run",
    path="/v1/journal-runs",
    types=frozenset(),
    noun="journal run",
    overwrites=Overwrites.NEVER,
    effect="journal entries are made",
    declares="journalRunNumber",
    ids=one_string,
    tail=Tail(
        path="/v1/journal-runs/{}",
        stop_path="/v1/journal-runs/{}/cancel",
        stop_body=None,
        prefix="JR-",
    ),
)
TRIAL_BALANCE = Operation(
    name="trial-balance",
    method="PUT",
    path="/v1/accounting-periods/{}/run-trial-balance",
    types=frozenset(),
    noun="trial balance",
    overwrites=Overwrites.NEVER,
    effect="the trial balance of an accounting period is run",
    declares="success",
    ids=nothing,
    tail=Tail(path="/v1/accounting-periods/{}", stop_path=""),
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
        AUTO_BACKFILL,
        AUTO_BACKFILL_DRY_RUN,
        JOURNAL_RUN,
        TRIAL_BALANCE,
    )
}
BY_TYPE: Mapping[str, Operation] = {type_: operation for operation in OPERATIONS.values() for type_ in operation.types}


def method_of(operation: str) -> str:
    """How an operation is sent, by its name; that of a later version as a POST."""
    return OPERATIONS[operation].method if operation in OPERATIONS else "POST"


def flags(*, only_resend: bool, re_migrate: bool) -> dict[str, str]:
    """The query of a regenerate call: only what is true is sent."""
    values = {"onlyReSend": only_resend, "reMigrate": re_migrate}
    return {name: "true" for name, value in values.items() if value}


def parameters(values: Mapping[str, object]) -> dict[str, str]:
    """Fields as a query: text as it stands, true as `true`; what is false or missing is not sent."""
    return {name: "true" if value is True else str(value) for name, value in values.items() if value}
