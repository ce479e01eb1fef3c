"""The kinds of steps, one value each: how options and headers are checked and how rows are enrolled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from manifests import Reading, Source
from runner.domain.identity import canonical
from runner.domain.steps import AutoBackfill, Backfill, BookingDates, JournalRun, Regenerate, TrialBalance, Work
from runner.plan import backfill, journal_run, regenerate
from runner.plan.enroller import Enroller
from runner.zuora.operations import AUTO_BACKFILL, AUTO_BACKFILL_DRY_RUN, BOOKING_DATES, TRIAL_BALANCE

AnyStep = TypeVar("AnyStep", bound=Work)


def _accept(work: Work) -> None:
    """Options of a step that exclude nothing."""


def _accept_header(work: Work, source: Source, resend_unknown: bool) -> None:
    """A header that is checked later, when the tenant's template is known."""


@dataclass(frozen=True)
class StepKind(Generic[AnyStep]):
    """What planning does with a step. Each function raises Refused; `enrol` raises ManifestError too."""

    enrol: Callable[[Enroller, int, AnyStep, Sequence[Source]], None]
    refuse: Callable[[AnyStep], None] = _accept  # options that exclude each other
    refuse_header: Callable[[AnyStep, Source, bool], None] = _accept_header
    reading: Callable[[AnyStep], Reading] = lambda work: Reading()  # how its manifests are read


def _refuse_rows_header(work: Regenerate, source: Source, resend_unknown: bool) -> None:
    regenerate.checker(work, source, resend_unknown=resend_unknown)


def _enrol_booking_dates(enroller: Enroller, step: int, work: BookingDates, sources: Sequence[Source]) -> None:
    enroller.alone(step, BOOKING_DATES, None, "the whole tenant")


def _enrol_auto_backfill(enroller: Enroller, step: int, work: AutoBackfill, sources: Sequence[Source]) -> None:
    body: dict[str, object] = {"type": work.type, "dryRun": work.dry_run}
    if work.batch_size is not None:
        body["batchSize"] = work.batch_size
    operation = AUTO_BACKFILL_DRY_RUN if work.dry_run else AUTO_BACKFILL
    enroller.alone(step, operation, canonical(body), f"every {work.type}")


def _enrol_trial_balance(enroller: Enroller, step: int, work: TrialBalance, sources: Sequence[Source]) -> None:
    body = canonical({"accountingPeriodName": work.accounting_period})
    enroller.alone(step, TRIAL_BALANCE, body, work.accounting_period)


_KINDS: Mapping[type[Work], StepKind[Any]] = {
    Regenerate: StepKind(regenerate.enrol, regenerate.refuse, _refuse_rows_header, regenerate.reading),
    Backfill: StepKind(backfill.enrol, backfill.refuse),
    AutoBackfill: StepKind(_enrol_auto_backfill),
    JournalRun: StepKind(
        journal_run.enrol, journal_run.refuse, lambda work, source, resend_unknown: journal_run.refuse_header(source)
    ),
    TrialBalance: StepKind(_enrol_trial_balance),
    BookingDates: StepKind(_enrol_booking_dates),
}


def kind_of(work: AnyStep) -> StepKind[AnyStep]:
    """How a step's work is planned."""
    return _KINDS[type(work)]
