"""The booking date backfill operations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from runner.simulator.backfill import stop_problem
from runner.simulator.business_faults import Hindrance
from runner.simulator.context import World
from runner.simulator.effects import Effects
from runner.simulator.jobs import Job, Jobs, Stage
from runner.simulator.paging import page_of
from runner.simulator.request import Request
from runner.simulator.responses import (
    BOOKING_DATES,
    INVALID_PARAMETER,
    NOT_FOUND,
    RULE,
    Answer,
    Problem,
    failure,
    success,
)
from runner.simulator.seeded_random import hex_ids

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


class BookingDates:
    """Jobs over the whole tenant; they have no file and no rows."""

    def __init__(self, world: World, effects: Effects, hindrance: Hindrance) -> None:
        self._world = world
        self._effects = effects
        self._hindrance = hindrance
        self._jobs = Jobs(world, "booking dates")

    def create(self, request: Request) -> Answer:
        """POST /v1/uno/data-backfill/bookingdate/jobs: "Create a booking date backfill job"; no body."""
        hindered = self._hindrance.of(request, BOOKING_DATES)
        if hindered is not None:
            return failure(request, hindered, self._world.options)
        number = self._world.serial("booking dates")
        (name,) = hex_ids(self._world.options.seed, 1, "booking dates", number)
        self._jobs.create(name, number, {})
        self._effects.record(request, [name])
        return success(request, jobId=name)

    def retrieve(self, request: Request, name: str) -> Answer:
        """GET …/bookingdate/jobs/{jobId}: "Retrieve a booking date backfill job"."""
        job = self._jobs.find(name)
        return self._unknown(request, name) if job is None else success(request, job=self._shown(job))

    def listing(self, request: Request) -> Answer:
        """GET …/bookingdate/jobs: "List booking date backfill jobs", the newest first."""
        try:
            page, next_page = page_of(list(self._jobs.newest_first()), request.query, request.path)
        except ValueError as wrong:
            return self._refuse(request, INVALID_PARAMETER, str(wrong))
        return success(request, jobs=[self._shown(job) for job in page], **next_page)

    def stop(self, request: Request, name: str) -> Answer:
        """PUT …/bookingdate/jobs/{jobId} with status Stopping: "Stop a booking date backfill job"."""
        job = self._jobs.find(name)
        if job is None:
            return self._unknown(request, name)
        complaint = stop_problem(request.json)
        if complaint is not None:
            return self._refuse(request, *complaint)
        return success(request) if self._jobs.stop(job) else self._refuse(request, RULE, "The job is over already")

    def _shown(self, job: Job) -> dict[str, Any]:
        now = self._world.now()
        stage, finished = job.stage(now), int(_BATCHES * job.share(now))
        failed = stage is Stage.FAILED
        return {
            "id": job.name,
            "status": _WORDS[stage],
            "createdOn": int(job.created_at * 1000),
            "createdOnReadable": _readable(job.created_at),
            "updatedOn": int(now * 1000),
            "updatedOnReadable": _readable(now),
            "updatedByUsername": "simulator",
            "batchSentCount": 0 if stage in (Stage.PENDING, Stage.CANCELED) else _BATCHES,
            "batchFinishedCount": finished - failed,
            "errorCount": int(failed),
            "progress": f"{100 * (finished - failed) / _BATCHES:.2f}%",
        }

    def _unknown(self, request: Request, name: str) -> Answer:
        return self._refuse(request, NOT_FOUND, f"Booking date backfill job {name} not found")

    def _refuse(self, request: Request, category: int, message: str) -> Answer:
        return failure(request, Problem(BOOKING_DATES, category, message), self._world.options)


def _readable(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
