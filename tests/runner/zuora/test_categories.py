"""Zuora's error categories in words."""

from __future__ import annotations

import pytest

from runner.zuora.categories import CATEGORIES, TEMPORARY, THROTTLED, WAITING, category_word


@pytest.mark.parametrize(
    ("outcome", "category", "status", "word"),
    [
        ("succeeded", None, 200, None),
        ("succeeded", "40", 200, None),  # what an earlier attempt was refused for
        ("failed", "40", 200, "not-found"),
        ("failed", "40", 500, "not-found"),  # the category says more than the status
        ("failed", "88", 200, "category-88"),
        ("failed", None, 418, "http-418"),
        ("unknown", None, None, "no-answer"),
        (None, None, None, "no-answer"),
    ],
)
def test_one_word_says_what_went_wrong(outcome, category, status, word):
    """By the category, else the HTTP status, else there was no answer; a success has none."""
    assert category_word(outcome, category, status) == word


def test_what_passes_by_itself_is_a_known_category():
    """Waiting helps with temporary failures and with throttling, and with nothing else."""
    assert TEMPORARY | {THROTTLED} == WAITING <= CATEGORIES.keys()
    assert not {"10", "11", "20", "22", "30", "40"} & WAITING
