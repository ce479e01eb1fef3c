"""Digests taken while rows pass are those of the finished table."""

from __future__ import annotations

import hashlib
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from runner.ledger.block_digests import BLOCK, BlockDigests, encode


@given(st.sets(st.integers(0, 4 * BLOCK), max_size=60), st.lists(st.integers(0, 60), max_size=5))
def test_however_the_rows_are_parted(keys, cuts):
    """By blocks of keys, not by the batches that they come in; blocks without rows have none."""
    rows = [(key, "text", b"bytes", None) for key in sorted(keys)]
    digests = BlockDigests()
    bounds = [0, *sorted(cuts), len(rows)]
    for begin, end in pairwise(bounds):
        digests.add(rows[begin:end])
    expected = {}
    for block in {row[0] // BLOCK for row in rows}:
        expected[block] = hashlib.sha256(encode([row for row in rows if row[0] // BLOCK == block])).hexdigest()
    assert digests.blocks() == expected
