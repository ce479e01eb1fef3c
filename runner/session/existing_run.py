"""Which run a command is: what the folder of its id holds decides whether anything is sent, and what. Pure.

ExistingRun ──state──▶ RunState ──decide──▶ Decision
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from runner.domain.lifetimes import SAME_RUN_FOR
from runner.domain.run_status import RunStatus


class RunState(enum.Enum):
    """What a run folder holds, as far as it decides about money-relevant work."""

    PLAN_REFUSED = "a manifest that was refused; nothing was sent"
    PLAN_CURRENT = "a plan that nothing was sent from, and that this command would make again"
    PLAN_OUTDATED = "a plan that nothing was sent from, made with other inputs or options"
    ABANDONED = "a run that was abandoned"
    OTHER_INPUTS = "a run that has sent something, with other inputs"
    UNFINISHED = "a run that has sent something and has not ended, or has something left"
    OVER = "a run that is over, started less than 20 hours ago"
    OVER_LONG_AGO = "a run that is over, started more than 20 hours ago"


class Decision(enum.Enum):
    """What `run` does about the folder of its id."""

    PLAN = "enrol the manifests there"
    SEND = "send what it has left"
    REPORT = "send nothing; report how it ended"
    REFUSE_ABANDONED = "refuse: it was abandoned"
    REFUSE_INPUTS = "refuse: it has other inputs"
    REFUSE_OLD = "refuse: a fixed id would send nothing for ever"


@dataclass(frozen=True)
class ExistingRun:
    """The facts of a run folder that decide."""

    status: RunStatus
    begun: bool  # something was claimed from it
    pending: int
    sealed: bool
    started_at: str | None = None
    differences: tuple[str, ...] = ()  # the inputs in which it differs from the command
    replanned: bool = False  # a plan that the command would make otherwise: a canary, skipped rows, paths

    def started_before(self, moment: datetime) -> bool:
        """Whether it is known to have started before a moment."""
        return self.started_at is not None and datetime.fromisoformat(self.started_at) < moment


def state_of(run: ExistingRun, now: datetime) -> RunState:
    """The state of a run folder for a command given now."""
    if not run.begun:
        return _unsent(run)
    if run.differences:
        return RunState.OTHER_INPUTS
    if run.status is RunStatus.ABANDONED:
        return RunState.ABANDONED
    if run.status.over and run.sealed:
        return RunState.OVER_LONG_AGO if run.started_before(now - SAME_RUN_FOR) else RunState.OVER
    return RunState.UNFINISHED


def _unsent(run: ExistingRun) -> RunState:
    """The state of a folder from which nothing was ever sent."""
    if run.status is RunStatus.ABANDONED and not run.differences:
        return RunState.ABANDONED
    if run.status is RunStatus.REFUSED:
        return RunState.PLAN_REFUSED
    return RunState.PLAN_OUTDATED if run.differences or run.replanned else RunState.PLAN_CURRENT


def decide(state: RunState, *, id_is_fixed: bool) -> Decision:
    """What a command does about the run of its id. `id_is_fixed`: the id was chosen with --run-id."""
    match state:
        case RunState.PLAN_REFUSED | RunState.PLAN_OUTDATED:
            return Decision.PLAN
        case RunState.PLAN_CURRENT | RunState.UNFINISHED:
            return Decision.SEND
        case RunState.ABANDONED:
            return Decision.REFUSE_ABANDONED
        case RunState.OTHER_INPUTS:
            return Decision.REFUSE_INPUTS
        case RunState.OVER:
            return Decision.REPORT
        case RunState.OVER_LONG_AGO:
            return Decision.REFUSE_OLD if id_is_fixed else Decision.REPORT
