"""What data backfill, booking date backfill and propagation answer alike: lists of their jobs, and stops."""

from __future__ import annotations

from typing import Any

from runner.simulator.context import World
from runner.simulator.jobs import Job, Jobs
from runner.simulator.paging import page_of
from runner.simulator.request import Request
from runner.simulator.responses import (
    INVALID_PARAMETER,
    INVALID_VALUE,
    MALFORMED_REQUEST,
    MISSING_FIELD,
    NOT_FOUND,
    RULE,
    Answer,
    Problem,
    failure,
    success,
)
from runner.simulator.validation import Complaint


class BackfillJobs:
    """The jobs of one such operation; `noun` and `resource` name it in errors."""

    def __init__(self, world: World, jobs: Jobs, noun: str, resource: int) -> None:
        self.world = world
        self.jobs = jobs
        self._noun, self._resource = noun, resource

    def listing(self, request: Request) -> Answer:
        """ "List data backfill jobs", "List booking date backfill jobs": the newest first."""
        try:
            page, next_page = page_of(list(self.jobs.newest_first()), request.query, request.path)
        except ValueError as wrong:
            return self.refuse(request, INVALID_PARAMETER, str(wrong))
        return success(request, jobs=[self.listed(job) for job in page], **next_page)

    def stop(self, request: Request, name: str) -> Answer:
        """PUT …/jobs/{jobId} with status Stopping: "Stop a data backfill job", "Stop a booking date backfill job"."""
        job = self.jobs.find(name)
        if job is None:
            return self.unknown(request, name)
        complaint = stop_problem(request.json)
        if complaint is not None:
            return self.refuse(request, *complaint)
        return success(request) if self.jobs.stop(job) else self.refuse(request, RULE, "The job is over already")

    def listed(self, job: Job) -> dict[str, Any]:
        """A job as the list shows it."""
        raise NotImplementedError

    def unknown(self, request: Request, name: str) -> Answer:
        return self.refuse(request, NOT_FOUND, f"{self._noun} job {name} not found")

    def refuse(self, request: Request, category: int, message: str) -> Answer:
        return failure(request, Problem(self._resource, category, message), self.world.options)


def stop_problem(body: Any) -> Complaint:
    """A job is stopped with `{"status": "Stopping"}` and nothing else."""
    if not isinstance(body, dict):
        return MALFORMED_REQUEST, "Request body is not a JSON object"
    if body.get("status") is None:
        return MISSING_FIELD, "Missing required field: status"
    if body != {"status": "Stopping"}:
        return INVALID_VALUE, "status: Stopping is the only value allowed"
    return None
