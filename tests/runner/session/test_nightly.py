"""`regen nightly`: what is resumed, what waits for a person, how the night ends."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from runner.domain.errors import ExitCode
from runner.domain.run_status import RunStatus
from runner.session.nightly import GRAVEST_FIRST, Action, EarlierRun, Part, action_of, gravest
from tests.flows.test_flows import subscriptions
from tests.harness.program import table
from tests.runner.session.test_carryover import last

PAUSED = EarlierRun(
    status=RunStatus.PAUSED,
    needs_person=False,
    held=False,
    pending=3,
    unknown=0,
    unknown_is_safe=False,
    started=True,
)
FINISHED = replace(PAUSED, status=RunStatus.FINISHED, pending=0)


@pytest.mark.parametrize(
    ("run", "action"),
    [
        *((replace(PAUSED, status=status), Action.RESUME) for status in RunStatus if status.resumable),
        (replace(PAUSED, status=RunStatus.RUNNING, pending=0), Action.RESUME),
        (replace(PAUSED, held=True), Action.LEAVE_RUNNING),
        (replace(PAUSED, needs_person=True), Action.ASK_PERSON),
        (replace(PAUSED, status=RunStatus.HALTED, needs_person=True), Action.ASK_PERSON),
        (replace(PAUSED, status=RunStatus.ABANDONED), Action.NOTHING),
        (replace(PAUSED, status=RunStatus.REFUSED), Action.NOTHING),
        (replace(PAUSED, status=RunStatus.PLANNED, started=False), Action.NOTHING),
        (replace(PAUSED, status=RunStatus.PLANNED, started=False, planned_by_night=True), Action.RESUME),
        (FINISHED, Action.NOTHING),
        (replace(FINISHED, unknown=2, unknown_is_safe=True), Action.RESUME),
        (replace(FINISHED, unknown=2), Action.NAME_UNKNOWN),
        (replace(FINISHED, needs_person=True), Action.NOTHING),
    ],
)
def test_what_a_night_does_about_an_earlier_run(run, action):
    assert action_of(run) is action


def test_a_run_that_needs_a_person_is_never_resumed():
    """Whatever else is true of it, as long as something is left."""
    for status, unknown, safe, night in itertools.product(RunStatus, (0, 2), (False, True), (False, True)):
        run = EarlierRun(status, True, False, 3, unknown, safe, True, night)
        assert action_of(run) is not Action.RESUME


def test_what_the_tenant_confirmed_counts_for_tonights_runs():
    """Their unknown rows are known then; what is left of earlier nights, and what came after, counts as before."""
    failed, confirmed = Part("tonight", ExitCode.ROWS_FAILED), Part("confirmed", ExitCode.SUCCEEDED)
    assert gravest([failed, confirmed]) is ExitCode.SUCCEEDED
    assert gravest([failed, Part("confirmed", ExitCode.PAUSED)]) is ExitCode.PAUSED
    assert gravest([Part("left", ExitCode.ROWS_FAILED), confirmed]) is ExitCode.ROWS_FAILED
    assert gravest([confirmed, failed]) is ExitCode.ROWS_FAILED
    assert gravest([Part("tonight", ExitCode.STOPPED), confirmed]) is ExitCode.STOPPED


def test_the_gravest_exit_code():
    def codes(*values):
        return gravest([Part("resumed", ExitCode(value)) for value in values])

    assert codes() is ExitCode.SUCCEEDED
    assert codes(0, 3, 0) is ExitCode.ROWS_FAILED
    assert codes(3, 5, 4) is ExitCode.STOPPED
    assert codes(4, 143) is ExitCode.TERMINATED
    assert codes(2, 1, 6) is ExitCode.FAULT
    assert set(GRAVEST_FIRST) == set(ExitCode)


class TestNeedsPerson:
    """A stop that needs a person is not resumed by the night."""

    @pytest.mark.parametrize("why", [("--canary", 2), ("--max-failures", 1)])
    def test_it_is_named_and_left(self, tmp_path, regen, simulator, why):
        manifest = subscriptions(tmp_path / "nightly.csv", 30, missing=30)
        with simulator() as server:
            words = ("nightly", manifest, "--base-url", server.url, "--concurrency", 1)
            assert regen(*words, *why).code == 4
            stopped, sent = last(tmp_path).name, server.arrivals()
            assert regen("runs", "--needs-person").out == f"{stopped}\n"
            assert regen("runs", "--unfinished").out == ""
            again = regen(*words, *why)
            assert (again.code, server.arrivals()) == (4, sent), "the same night again"
            assert f"regen show {stopped}" in again.err
            (tmp_path / "nightly.csv").write_text("Subscription Name,Subscription Version\nA-OTHER,1\n")
            done = regen(*words)
            assert (done.code, server.arrivals()) == (4, sent + len(failed(tmp_path, stopped)) + 1)
            assert len(table(last(tmp_path))) == 1 + len(failed(tmp_path, stopped))


def failed(tmp_path, run):
    return [row for row in table(tmp_path / "runs" / run) if row["regen_state"] == "failed"]


class TestUnknown:
    """Rows whose outcome is not known."""

    def test_an_expired_key_names_a_remedy_that_works(self, tmp_path, regen, simulator, clock):
        """Under a safe key the night finds out by itself; later only the tenant knows."""
        manifest = subscriptions(tmp_path / "nightly.csv", 2)
        with simulator(faults={"drop-before": 1.0}) as server:
            (tmp_path / "regen.toml").write_text(
                f'default_profile = "p"\n[profile.p]\nbase_url = "{server.url}"\n'
                "[profile.p.patience]\nattempts = 1\nbase_seconds = 0.01\n"
            )
            assert regen("nightly", manifest, "--outage-patience", 0).code in (3, 4)
            first = last(tmp_path).name
            clock.forward(hours=24)
            (tmp_path / "nightly.csv").write_text("Subscription Name,Subscription Version\n")
            server.post("faults", {"faults": {"drop-before": 0.0}})
            regen("nightly", manifest)
            named = regen("nightly", manifest)
            assert (
                f"regen reconcile {first} --query, then regen resume {first} --resend-unknown" in named.out + named.err
            )
            assert regen("resume", first, "--resend-unknown").code == 0
            assert regen("nightly", manifest).code == 0
