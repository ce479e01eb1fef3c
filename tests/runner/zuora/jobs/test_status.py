"""What the tenant reports of a job."""

from __future__ import annotations

import pytest

from runner.zuora.jobs.status import (
    OVER_BADLY,
    UNDER_WAY,
    count,
    counts,
    is_completed,
    is_over,
    is_under_way,
    updated,
    why,
)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3),
        ("3", 3),
        (3.0, 3),
        (0, 0),
        (None, None),
        ("", None),
        ("many", None),
        (2.5, None),
        (True, None),
        ([3], None),
    ],
)
def test_a_count_is_a_whole_number_in_any_dress(value, number):
    """Strings and floats without a fraction count; what is no number is no count, and not zero."""
    assert count({"successCount": value}, "successCount") == number


def test_counts_are_those_that_are_there():
    """Unknown fields and those without a number are left out."""
    assert counts({"processedCount": "2", "failedCount": None, "size": 9}) == {"processedCount": 2}
    assert (updated({"successCount": 0, "processedCount": 5}), updated({"processedCount": 5}), updated({})) == (0, 5, 0)


@pytest.mark.parametrize(
    ("status", "completed", "over", "under_way"),
    [
        ("Completed", True, True, False),
        ("COMPLETED", True, True, False),
        *((word, False, True, False) for word in sorted(OVER_BADLY)),
        *((word.upper(), False, False, True) for word in sorted(UNDER_WAY)),
        ("Hibernating", False, False, False),  # neither known as an end nor as going on
    ],
)
def test_what_a_status_means(status, completed, over, under_way):
    """Whether it is over, and whether it goes on: a word that nobody knows says neither."""
    job = {"status": status}
    assert (is_completed(job), is_over(job), is_under_way(job)) == (completed, over, under_way)


def test_why_a_job_is_not_what_it_should_be():
    """In the tenant's words, with what it did."""
    job = {"status": "Failed", "failureMessage": "no template", "processedCount": 4, "errorCount": "1"}
    assert why(job) == "it is Failed; no template; 4 processed, 1 errors"
    assert why({"status": "Stopped"}) == "it is Stopped"
