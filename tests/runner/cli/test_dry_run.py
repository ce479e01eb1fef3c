"""`--dry-run` of the commands that have none."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("words", "serves"),
    [
        (("run", "x.csv"), "regen plan"),
        (("booking-dates",), "regen plan"),
        (("nightly", "x.csv"), "regen plan"),
        (("resume", "last"), "regen show"),
    ],
)
def test_what_serves_instead_is_named(regen, words, serves):
    """Nothing is read, nothing is sent."""
    done = regen(*words, "--dry-run")
    assert done.code == 2
    assert f"there is no --dry-run: `{serves}" in done.err
