"""Numbers of things in sentences."""

from __future__ import annotations

import pytest

from runner.system.counting import counted


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1200, "1,200 rows"), (1_000_001, "1,000,001 rows")],
)
def test_only_one_is_singular(number, text):
    """And thousands are separated."""
    assert counted(number, "row") == text
