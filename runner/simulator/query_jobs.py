"""The queue of data queries: at most five run at once, at most ten wait ("Overview of Data Query").

When a job starts and ends follows from the clock alone, whoever looks and however seldom.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from runner.simulator.context import World
from runner.simulator.query_faults import QueryFault, pick_query_fault
from runner.simulator.stats import Counts
from runner.simulator.tenant.engine import Result

ACCEPTED, IN_PROGRESS, COMPLETED, FAILED, CANCELLED = "accepted", "in_progress", "completed", "failed", "cancelled"
_PAUSE = 0.25  # of its time a job is `accepted` before it starts


@dataclass(slots=True)
class QueryJob:
    """A query on its way. `outcome`: its result or the reason of its failure, once it has been run."""

    name: str
    body: dict[str, Any]
    owner: str
    created_at: float
    seconds: float
    fault: QueryFault | None = None
    started_at: float | None = None
    cancelled_at: float | None = None
    outcome: Result | str | None = None
    downloads: int = 0
    issued: dict[str, float] = field(default_factory=dict)  # address → when it was issued

    @property
    def query(self) -> str:
        return str(self.body["query"])

    @property
    def source(self) -> str:
        return str(self.body.get("sourceData") or "LIVE")

    def ends_at(self) -> float | None:
        """When it is over; None while that is open."""
        if self.cancelled_at is not None:
            return self.cancelled_at
        return None if self.started_at is None else self.started_at + self.seconds


class QueryQueue:
    """All jobs, in the order of submission; the last thousand are kept."""

    def __init__(self, world: World, counts: Counts) -> None:
        self._world = world
        self._counts = counts
        self._jobs: dict[str, QueryJob] = {}
        self._times: dict[str, int] = {}  # how often a query was submitted

    def submit(self, name: str, body: dict[str, Any], owner: str) -> QueryJob | None:
        """A new job; None if the queue is full."""
        self._advance()
        source = str(body.get("sourceData") or "LIVE")
        waiting = sum(job.started_at is None and job.cancelled_at is None for job in self._of(source))
        if waiting >= self._world.options.query_queue:
            return None
        job = QueryJob(name, body, owner, self._world.now(), 0.0)
        job.fault = self._fault(job.query)
        job.seconds = self._seconds() * (job.fault.slow if job.fault else 1.0)
        self._jobs[name] = job
        self._counts.queries += 1
        if len(self._jobs) > 1000:
            self._jobs.pop(next(iter(self._jobs)))
        self._advance()
        return job

    def find(self, name: str) -> QueryJob | None:
        """The job of that id, as it is now."""
        self._advance()
        return self._jobs.get(name)

    def newest_first(self) -> Iterator[QueryJob]:
        """All jobs, the last one submitted first."""
        self._advance()
        return reversed(self._jobs.values())

    def cancel(self, job: QueryJob) -> bool:
        """Cancel a job; False if it is over."""
        if self.status(job) not in (ACCEPTED, IN_PROGRESS):
            return False
        job.cancelled_at = self._world.now()
        return True

    def status(self, job: QueryJob) -> str:
        """The state of the job by the clock; one that ran to its end is `completed` or has its fault's own."""
        now = self._world.now()
        if job.cancelled_at is not None:
            return CANCELLED
        if job.started_at is None or now < job.started_at:
            return ACCEPTED
        if now < job.started_at + job.seconds:
            return IN_PROGRESS
        return job.fault.status if job.fault else COMPLETED

    def _running(self, at: float) -> int:
        """How many jobs run at that time."""
        ends = ((job.started_at, job.ends_at()) for job in self._jobs.values())
        return sum(start is not None and end is not None and start <= at < end for start, end in ends)

    def _of(self, source: str) -> list[QueryJob]:
        return [job for job in self._jobs.values() if job.source == source]

    def _seconds(self) -> float:
        options = self._world.options
        return options.query_seconds or options.job_seconds

    def _fault(self, query: str) -> QueryFault | None:
        options = self._world.options
        number = self._times[query] = self._times.get(query, 0) + 1
        if number > options.fault_arrivals:
            return None
        return pick_query_fault(options.query_faults, options.seed, query, number)

    def _advance(self) -> None:
        """Start what has found a place by now, in the order of submission."""
        for source in {job.source for job in self._jobs.values() if job.started_at is None}:
            self._start(self._of(source), self._world.options.query_slots * (1 if source == "LIVE" else 3))

    def _start(self, jobs: list[QueryJob], slots: int) -> None:
        now = self._world.now()
        for job in jobs:
            if job.started_at is not None or job.cancelled_at is not None:
                continue
            ends = sorted(
                end for other in jobs if other.started_at is not None and (end := other.ends_at()) is not None
            )
            free_from = ends[-slots] if len(ends) >= slots else 0.0
            start = max(job.created_at + job.seconds * _PAUSE, free_from)
            if start > now:
                return
            job.started_at = start
            self._counts.queries_at_once = max(self._counts.queries_at_once, self._running(start))
