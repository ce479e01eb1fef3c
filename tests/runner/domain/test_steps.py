"""The steps of a run and their options."""

from __future__ import annotations

from runner.domain.steps import Backfill, JournalRun, Regenerate, Step, numbered, unusual


def test_a_run_that_says_nothing_has_the_fingerprint_that_it_always_had():
    """Unfinished runs of an older version are recognised."""
    assert Step(1, Regenerate(manifests=("m.csv",))).identifying == {
        "do": "regenerate",
        "type": None,
        "only_resend": False,
        "re_migrate": False,
    }


def test_only_unusual_options_of_a_step_are_shown():
    """As run.json has it: lists for tuples, dates as text."""
    work = Backfill(type="RatePlanCharge", file="c.csv", template_check=False, parallel_jobs=2)
    expected = {"type": "RatePlanCharge", "template_check": False, "parallel_jobs": 2}
    assert unusual("backfill", numbered((work,))[0].options) == expected
    assert unusual("journal-run", numbered((JournalRun(),))[0].options) == {}
    assert unusual("regenerate", numbered((Regenerate(manifests=("a.csv",)),))[0].options) == {}
