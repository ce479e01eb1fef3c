"""The journal run operations."""

from __future__ import annotations

import calendar
from typing import Any

from runner.simulator.accounting_periods import AccountingPeriods
from runner.simulator.business_faults import Hindrance
from runner.simulator.clock import readable
from runner.simulator.context import World
from runner.simulator.effects import Effects
from runner.simulator.jobs import Job, Jobs, Stage
from runner.simulator.journal_validation import journal_problem
from runner.simulator.request import Request
from runner.simulator.responses import JOURNAL_RUNS, NOT_FOUND, RULE, Answer, Problem, failure, success

_WORDS = {
    Stage.PENDING: "Pending",
    Stage.PROCESSING: "Processing",
    Stage.COMPLETED: "Completed",
    Stage.FAILED: "Error",
    Stage.STOPPING: "CancelInprogress",
    Stage.STOPPED: "Cancelled",
    Stage.CANCELED: "Cancelled",
}
FAILING = "FAIL"  # a run whose accounting period begins so ends in Error
_ENTRIES_A_TYPE = 3
_OVER_BADLY = (Stage.STOPPED, Stage.CANCELED, Stage.FAILED)


class JournalRuns:
    """Runs that write no journal."""

    def __init__(self, world: World, effects: Effects, hindrance: Hindrance, periods: AccountingPeriods) -> None:
        self._periods = periods
        self._world = world
        self._effects = effects
        self._hindrance = hindrance
        self._jobs = Jobs(world, "journal run")

    def create(self, request: Request) -> Answer:
        """POST /v1/journal-runs: "Create a journal run"."""
        complaint = journal_problem(request.json)
        if complaint is not None:
            return self._refuse(request, *complaint)
        if self._periods.closed_for(request.json):
            return self._refuse(request, RULE, "The accounting period is closed")
        hindered = self._hindrance.of(request, JOURNAL_RUNS)
        if hindered is not None:
            return failure(request, hindered, self._world.options)
        number = self._world.serial("journal run")
        name = f"JR-{number:08d}"
        fails = (request.json.get("accountingPeriodName") or "").startswith(FAILING)
        self._jobs.create(name, number, request.json, fails=fails)
        self._effects.record(request, [name])
        return success(request, journalRunNumber=name)

    def retrieve(self, request: Request, name: str) -> Answer:
        """GET /v1/journal-runs/{jr-number}: "Retrieve a journal run"."""
        job = self._find(name)
        return self._unknown(request, name) if job is None else success(request, **self._shown(job))

    def cancel(self, request: Request, name: str) -> Answer:
        """PUT /v1/journal-runs/{jr-number}/cancel: "Cancel a journal run", while it is pending or under way."""
        job = self._find(name)
        if job is None:
            return self._unknown(request, name)
        if job.deleted_at is not None or not self._jobs.stop(job):
            return self._refuse(request, RULE, f"Journal run {name} is over and cannot be cancelled")
        return success(request)

    def delete(self, request: Request, name: str) -> Answer:
        """DELETE /v1/journal-runs/{jr-number}: "Delete a journal run", once it is cancelled or ended in error."""
        job = self._find(name)
        if job is None:
            return self._unknown(request, name)
        if job.stage(self._world.now()) not in _OVER_BADLY:
            return self._refuse(request, RULE, f"Journal run {name} must be cancelled before it is deleted")
        if job.deleted_at is None:
            job.deleted_at = self._world.now()
            self._jobs.keep(job)
        return success(request)

    def _find(self, name: str) -> Job | None:
        """The run, unless it is deleted by now."""
        job = self._jobs.find(name)
        if job is None or job.deleted_at is None or self._world.now() < job.deleted_at + job.seconds:
            return job
        self._jobs.drop(job)
        return None

    def _shown(self, job: Job) -> dict[str, Any]:
        stage, body = job.stage(self._world.now()), job.facts
        start, end = _target_dates(body)
        return {
            "number": job.name,
            "status": "DeleteInprogress" if job.deleted_at is not None else _WORDS[stage],
            "executedOn": readable(job.created_at),
            "journalEntryDate": body["journalEntryDate"],
            "targetStartDate": start,
            "targetEndDate": end,
            "totalJournalEntryCount": _entries(body) if stage is Stage.COMPLETED else 0,
            "aggregateCurrency": False,
            "transactionTypes": body["transactionTypes"],
            **({"organizationLabels": body["organizationLabels"]} if "organizationLabels" in body else {}),
        }

    def _unknown(self, request: Request, name: str) -> Answer:
        return self._refuse(request, NOT_FOUND, f"Journal run {name} not found")

    def _refuse(self, request: Request, category: int, message: str) -> Answer:
        return failure(request, Problem(JOURNAL_RUNS, category, message), self._world.options)


def _entries(body: dict[str, Any]) -> int:
    return _ENTRIES_A_TYPE * len(body["transactionTypes"])


def _target_dates(body: dict[str, Any]) -> tuple[str, str]:
    """The dates as requested; of a named accounting period, the month of the journal entry is used."""
    if body.get("targetStartDate"):
        return body["targetStartDate"], body["targetEndDate"]
    year, month = map(int, body["journalEntryDate"].split("-")[:2])
    return f"{year:04d}-{month:02d}-01", f"{year:04d}-{month:02d}-{calendar.monthrange(year, month)[1]:02d}"
