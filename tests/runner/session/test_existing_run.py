"""The table that decides whether a command sends, reports or refuses."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runner.domain.run_status import RunStatus
from runner.session.existing_run import Decision, ExistingRun, RunState, decide, state_of

NOW = datetime(2026, 11, 27, 1, 30, tzinfo=UTC)
RECENT, OLD = (NOW - timedelta(hours=19)).isoformat(), (NOW - timedelta(hours=21)).isoformat()
BEGUN = ExistingRun(RunStatus.PAUSED, begun=True, pending=3, sealed=True, started_at=RECENT)
UNSENT = ExistingRun(RunStatus.PLANNED, begun=False, pending=3, sealed=False)
RESUMABLE = [status for status in RunStatus if status.resumable]


@pytest.mark.parametrize(
    ("run", "state"),
    [
        (UNSENT, RunState.PLAN_CURRENT),
        (replace(UNSENT, replanned=True), RunState.PLAN_OUTDATED),
        (replace(UNSENT, differences=("steps",)), RunState.PLAN_OUTDATED),
        (replace(UNSENT, status=RunStatus.REFUSED), RunState.PLAN_REFUSED),
        (replace(UNSENT, status=RunStatus.REFUSED, differences=("steps",)), RunState.PLAN_REFUSED),
        (replace(UNSENT, status=RunStatus.ABANDONED), RunState.ABANDONED),
        (replace(UNSENT, status=RunStatus.ABANDONED, differences=("steps",)), RunState.PLAN_OUTDATED),
        (replace(UNSENT, status=RunStatus.PAUSED), RunState.PLAN_CURRENT),
        *((replace(BEGUN, status=status), RunState.UNFINISHED) for status in RESUMABLE),
        (replace(BEGUN, status=RunStatus.PLANNED), RunState.UNFINISHED),
        (replace(BEGUN, started_at=OLD), RunState.UNFINISHED),
        (replace(BEGUN, differences=("org ids",)), RunState.OTHER_INPUTS),
        (replace(BEGUN, status=RunStatus.FINISHED, differences=("org ids",)), RunState.OTHER_INPUTS),
        (replace(BEGUN, status=RunStatus.ABANDONED), RunState.ABANDONED),
        (replace(BEGUN, status=RunStatus.FINISHED, pending=0), RunState.OVER),
        (replace(BEGUN, status=RunStatus.HALTED), RunState.OVER),
        (replace(BEGUN, status=RunStatus.FINISHED, pending=0, started_at=OLD), RunState.OVER_LONG_AGO),
        (replace(BEGUN, status=RunStatus.HALTED, started_at=OLD), RunState.OVER_LONG_AGO),
        (replace(BEGUN, status=RunStatus.FINISHED, pending=0, sealed=False), RunState.UNFINISHED),
        (replace(BEGUN, status=RunStatus.FINISHED, pending=0, started_at=None), RunState.OVER),
    ],
)
def test_the_state_of_a_run_folder(run, state):
    """Options that only a plan depends on never make a run that has begun another one."""
    assert state_of(run, NOW) is state
    if run.begun:
        assert state_of(replace(run, replanned=True), NOW) is state


@pytest.mark.parametrize(
    ("state", "chosen", "fixed"),
    [
        (RunState.PLAN_REFUSED, Decision.PLAN, Decision.PLAN),
        (RunState.PLAN_OUTDATED, Decision.PLAN, Decision.PLAN),
        (RunState.PLAN_CURRENT, Decision.SEND, Decision.SEND),
        (RunState.UNFINISHED, Decision.SEND, Decision.SEND),
        (RunState.ABANDONED, Decision.REFUSE_ABANDONED, Decision.REFUSE_ABANDONED),
        (RunState.OTHER_INPUTS, Decision.REFUSE_INPUTS, Decision.REFUSE_INPUTS),
        (RunState.OVER, Decision.REPORT, Decision.REPORT),
        (RunState.OVER_LONG_AGO, Decision.REPORT, Decision.REFUSE_OLD),
    ],
)
def test_what_a_command_does_about_it(state, chosen, fixed):
    """With an id that the program chose, and with one from --run-id."""
    assert decide(state, id_is_fixed=False) is chosen
    assert decide(state, id_is_fixed=True) is fixed


def test_every_state_is_decided():
    for state, fixed in itertools.product(RunState, (False, True)):
        assert isinstance(decide(state, id_is_fixed=fixed), Decision)


def test_nothing_is_sent_for_other_inputs_whatever_else_a_run_is():
    """All combinations of a run that has sent something: never sent from, planned over or reported."""
    for status, sealed, pending, started in itertools.product(
        (*RESUMABLE, "finished", "halted", "abandoned", "planned"), (False, True), (0, 3), (None, RECENT, OLD)
    ):
        run = ExistingRun(status, True, pending, sealed, started, ("entity ids",))
        assert decide(state_of(run, NOW), id_is_fixed=True) is Decision.REFUSE_INPUTS
