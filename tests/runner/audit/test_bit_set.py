"""Row numbers in an eighth of a byte each."""

from __future__ import annotations

import numpy as np
import pytest

from runner.audit.bit_set import BitSet


@pytest.mark.parametrize(("first", "count"), [(0, 100), (3, 13), (8, 8), (95, 5), (7, 1), (40, 0)])
def test_any_slice_has_what_was_added(first, count):
    """Whatever byte it begins or ends in."""
    numbers = np.array([0, 3, 7, 8, 15, 16, 63, 64, 95, 99])
    bits = BitSet(100)
    bits.add(numbers[::2])
    bits.add(numbers[1::2])
    assert bits.count == 10
    assert (bits.slice(first, count).nonzero()[0] + first).tolist() == [
        n for n in numbers.tolist() if first <= n < first + count
    ]
