"""Jobs that take their time: how far one has come is a function of the clock alone."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from runner.simulator.context import World
from runner.simulator.seeded_random import draw

_PENDING_SHARE = 0.25  # of a job's time; stopping takes as long


class Stage(enum.Enum):
    """How far a job has come; each operation has its own words for it."""

    PENDING = "pending"  # → PROCESSING | CANCELED
    PROCESSING = "processing"  # → COMPLETED | FAILED | STOPPING
    COMPLETED = "completed"  # the end
    FAILED = "failed"  # the end
    STOPPING = "stopping"  # → STOPPED
    STOPPED = "stopped"  # the end
    CANCELED = "canceled"  # the end: it never began


UNDER_WAY = (Stage.PENDING, Stage.PROCESSING)


@dataclass(slots=True)
class Job:
    """One job. `facts` is what its operation knows about it."""

    name: str  # the id, or the number of a journal run
    kind: str
    number: int
    created_at: float
    seconds: float
    fails: bool
    facts: dict[str, Any] = field(default_factory=dict)
    stopped_at: float | None = None
    deleted_at: float | None = None

    @property
    def begins_at(self) -> float:
        return self.created_at + self.seconds * _PENDING_SHARE

    @property
    def ends_at(self) -> float:
        return self.created_at + self.seconds

    def stage(self, now: float) -> Stage:
        """How far it has come at that time."""
        if self.stopped_at is not None:
            return self._stopped(self.stopped_at, now)
        if now < self.begins_at:
            return Stage.PENDING
        if now < self.ends_at:
            return Stage.PROCESSING
        return Stage.FAILED if self.fails else Stage.COMPLETED

    def share(self, now: float) -> float:
        """How much of it is done, from 0 to 1; what was stopped stays where it was."""
        until = now if self.stopped_at is None else min(now, self.stopped_at)
        if until >= self.ends_at:
            return 1.0
        return max(0.0, (until - self.begins_at) / (self.ends_at - self.begins_at))

    def _stopped(self, stopped_at: float, now: float) -> Stage:
        if stopped_at < self.begins_at:
            return Stage.CANCELED
        return Stage.STOPPING if now < stopped_at + self.seconds * _PENDING_SHARE else Stage.STOPPED


class Jobs:
    """All jobs of one kind, in the order of creation."""

    def __init__(self, world: World, kind: str) -> None:
        self._world = world
        self._kind = kind
        kept = (Job(**value) for _, value in world.store.values(f"job {kind}"))
        self._jobs = {job.name: job for job in sorted(kept, key=lambda job: job.number)}

    def create(self, name: str, number: int, facts: dict[str, Any], *, fails: bool = False) -> Job:
        """A new job, that begins now; it fails on demand, or by the share `job_failures`."""
        options = self._world.options
        fails = fails or draw(options.seed, "job", name) < options.job_failures
        job = Job(name, self._kind, number, self._world.now(), options.job_seconds, fails, facts)
        self._jobs[name] = job
        self.keep(job)
        return job

    def find(self, name: str) -> Job | None:
        """The job of that id or number."""
        return self._jobs.get(name)

    def newest_first(self) -> Iterator[Job]:
        """All jobs, the last one created first."""
        return reversed(self._jobs.values())

    def stop(self, job: Job) -> bool:
        """Ask a job to stop; False if it is over already."""
        if job.stage(self._world.now()) not in UNDER_WAY:
            return False
        job.stopped_at = self._world.now()
        self.keep(job)
        return True

    def drop(self, job: Job) -> None:
        """Forget a job."""
        del self._jobs[job.name]
        self._world.store.drop(f"job {self._kind}", job.name)

    def keep(self, job: Job) -> None:
        """Write the job to the store."""
        self._world.store.put(f"job {self._kind}", job.name, asdict(job))
