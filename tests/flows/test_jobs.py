"""Booking date jobs, and how any job is followed: whatever the tenant says of it, or does not say."""

from __future__ import annotations

import signal

import pytest

from runner.system.recovery_points import JOB_POINTS
from tests.harness.audited import broken
from tests.harness.journeys import created, killed, quick
from tests.harness.program import folders

BOOKING_DATES = "/v1/uno/data-backfill/bookingdate/jobs"


@pytest.mark.parametrize("point", ["claimed", "claimed:2", "answered", "created", "noted", "answered:2", "viewed"])
def test_killed_at_every_point_creates_one_job(tmp_path, regen, simulator, point):
    """SIGKILL while creating and while following."""
    quick(tmp_path)
    with simulator(job_seconds=0.15) as server:
        words = ("booking-dates", "--base-url", server.url)
        assert killed(point, *words) == -signal.SIGKILL
        assert regen(*words).code == 0
        assert len(created(server, BOOKING_DATES)) == 1
    assert broken(folders(tmp_path / "runs")[0]) == {}


def test_the_points_of_jobs_are_all_tried():
    """Each named point is in a test here or in test_backfill."""
    assert set(JOB_POINTS) == {"created", "noted", "fetched"}


# -- following, in virtual time, against a tenant that says whatever it is told to --------------------------------


HEADED = "regen_state,regen_outcome,regen_attempts\n"


@pytest.mark.parametrize(("outcome", "rule"), [("unknown,unknown,6", "unknown"), ("pending,pending,1", "pending")])
@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ("journal-run",),
            "accountingPeriod,journalEntryDate,transactionTypes," + HEADED + "Nov-2026,2026-11-30,Invoice Item,",
        ),
        (("backfill", "RatePlanCharge", "--no-template-check"), "ID," + HEADED + "8a90,"),
    ],
)
def test_what_an_earlier_run_may_have_done_is_not_done_again(tmp_path, regen, words, text, outcome, rule):
    """A results file is a manifest again, but for rows whose fate is open there."""
    (tmp_path / "errors.csv").write_text(text + outcome + "\n")
    words = (*words, "errors.csv", "--plan", "--base-url", "http://127.0.0.1:1")
    refused = regen(*words)
    assert (refused.code, f"outcome-{rule}: " in refused.err) == (2, True)
    assert regen(*words, "--resend-unknown").code == 0
