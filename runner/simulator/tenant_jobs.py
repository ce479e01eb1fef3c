"""Jobs over the whole tenant: booking date backfill, and auto backfill ("Perform data backfill": propagation).

Source of auto backfill: `type` RatePlanCharge or OrderLineItem, `batchSize` 1 to 1000, `dryRun`. It copies settings of
the product rate plan charges to what exists at its submission; a dry run changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runner.simulator.backfill_jobs import BackfillJobs
from runner.simulator.business_faults import Hindrance
from runner.simulator.clock import readable
from runner.simulator.context import World
from runner.simulator.effects import Effects
from runner.simulator.jobs import Job, Jobs, Stage
from runner.simulator.request import Request
from runner.simulator.responses import (
    BOOKING_DATES,
    INVALID_VALUE,
    MALFORMED_REQUEST,
    PROPAGATION,
    Answer,
    failure,
    success,
)
from runner.simulator.seeded_random import hex_ids
from runner.simulator.tenant.records import Records
from runner.simulator.validation import Complaint

_WORDS = {
    Stage.PENDING: "ACCEPTED",
    Stage.PROCESSING: "PROCESSING",
    Stage.COMPLETED: "COMPLETED",
    Stage.FAILED: "FAILED",
    Stage.STOPPING: "PROCESSING",  # the SDK's model knows no word for it
    Stage.STOPPED: "STOPPED",
    Stage.CANCELED: "STOPPED",
}
_BATCHES = 8


@dataclass(frozen=True, slots=True)
class TenantJob:
    """An operation of this kind: what its jobs are called, its resource in error codes, what its body must hold."""

    name: str
    noun: str
    resource: int
    facts: Callable[[Any], dict[str, Any] | Complaint]


def _auto_backfill(body: Any) -> dict[str, Any] | Complaint:
    """The fields of an auto backfill job, or what is wrong with them."""
    if not isinstance(body, dict):
        return MALFORMED_REQUEST, "Request body is not a JSON object"
    if body.get("type") not in ("RatePlanCharge", "OrderLineItem"):
        return INVALID_VALUE, "type must be RatePlanCharge or OrderLineItem"
    size = body.get("batchSize", 1000)
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= 1000:
        return INVALID_VALUE, "batchSize must be a number from 1 to 1000"
    if not isinstance(body.get("dryRun", False), bool):
        return INVALID_VALUE, "dryRun must be true or false"
    return {"type": body["type"], "batchSize": size, "dryRun": body.get("dryRun", False)}


BOOKING_DATE_JOBS = TenantJob(
    "booking dates", "Booking date backfill", BOOKING_DATES, lambda _: {"type": "BookingDate"}
)
AUTO_BACKFILL_JOBS = TenantJob("auto backfill", "Data backfill propagation", PROPAGATION, _auto_backfill)


class TenantJobs(BackfillJobs):
    """The jobs of one such operation; they have no file and no rows."""

    def __init__(
        self, operation: TenantJob, world: World, effects: Effects, hindrance: Hindrance, records: Records
    ) -> None:
        super().__init__(world, Jobs(world, operation.name), operation.noun, operation.resource)
        self._operation = operation
        self._effects = effects
        self._hindrance = hindrance
        self._records = records

    def create(self, request: Request) -> Answer:
        """POST …/jobs: "Create a booking date backfill job" (no body), "Create a data backfill propagation job"."""
        facts = self._operation.facts(request.json)
        if not isinstance(facts, dict):
            return self.refuse(request, *(facts or (MALFORMED_REQUEST, "")))
        hindered = self._hindrance.of(request, self._operation.resource)
        if hindered is not None:
            return failure(request, hindered, self.world.options)
        number = self.world.serial(self._operation.name)
        (name,) = hex_ids(self.world.options.seed, 1, self._operation.name, number)
        job = self.jobs.create(name, number, facts)
        if "dryRun" in facts and not facts["dryRun"] and not job.fails:
            self._records.change_later(job.ends_at, facts["type"], None)
        self._effects.record(request, [name])
        return success(request, jobId=name)

    def retrieve(self, request: Request, name: str) -> Answer:
        """GET …/jobs/{jobId}: "Retrieve a booking date backfill job"."""
        job = self.jobs.find(name)
        return self.unknown(request, name) if job is None else success(request, job=self._shown(job))

    def listed(self, job: Job) -> dict[str, Any]:
        return self._shown(job)

    def _shown(self, job: Job) -> dict[str, Any]:
        now = self.world.now()
        stage, finished = job.stage(now), int(_BATCHES * job.share(now))
        failed = stage is Stage.FAILED
        return {
            "id": job.name,
            **job.facts,
            "status": _WORDS[stage],
            "createdOn": int(job.created_at * 1000),
            "createdOnReadable": readable(job.created_at),
            "updatedOn": int(now * 1000),
            "updatedOnReadable": readable(now),
            "updatedByUsername": "simulator",
            "batchSentCount": 0 if stage in (Stage.PENDING, Stage.CANCELED) else _BATCHES,
            "batchFinishedCount": finished - failed,
            "errorCount": int(failed),
            "progress": f"{100 * (finished - failed) / _BATCHES:.2f}%",
        }
