"""What a run needs next, as its run.json has it."""

from __future__ import annotations

from runner.domain.run_status import RunStatus


class Standing:
    """What follows from status and counts alone: for a whole run.json and for the brief of one. Has no fields."""

    __slots__ = ()
    status: RunStatus
    needs_person: bool
    started_at: str | None
    counts: dict[str, int]

    @property
    def waits_for_person(self) -> bool:
        """Whether requests wait for a person's decision: nothing resumes the run unattended."""
        stopped = self.needs_person or self.status.needs_person
        return stopped and self.status is not RunStatus.ABANDONED and self.counts["pending"] > 0

    @property
    def unfinished(self) -> bool:
        """Whether the run has begun and left something that it may still send."""
        begun = self.started_at is not None
        running = self.status is RunStatus.RUNNING
        return begun and self.status.may_be_unfinished and (running or self.counts["pending"] > 0)
