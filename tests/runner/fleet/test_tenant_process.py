"""Exit codes of a fleet."""

from __future__ import annotations

import pytest

from runner.fleet.tenant_process import gravest


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 3, 5], 5),
        ([3, 2], 2),
        ([4, 6, 2], 4),
        ([143, 4], 143),
        ([130, 1], 1),
        ([137, 0], 1),
    ],
)
def test_the_gravest_exit_code_wins(codes, expected):
    """A fault before a signal, that before a stop; a code that is none of ours counts as a fault."""
    assert gravest(codes) == expected
