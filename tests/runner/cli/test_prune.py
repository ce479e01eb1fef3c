"""The command `regen prune`."""

from __future__ import annotations

import pytest

from runner.runs.prune import age


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1y", "999999d"])
def test_ages_that_are_none(regen, text):
    assert regen("prune", "--keep", text).code == 2


def test_ages():
    assert (age("90d").days, age("2w").days, age("36h").total_seconds()) == (90, 14, 36 * 3600)
