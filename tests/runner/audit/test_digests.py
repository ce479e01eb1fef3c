"""Digests of texts, and looking them up."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from runner.audit.digests import DigestSet, digests


def test_texts_are_found_by_their_digests():
    """Each once, whatever the order; a text that is not there, or a null, is found nowhere it should not be."""
    texts = [f"id-{n % 700}" for n in range(1000)]
    known, index = DigestSet.of(digests(texts))
    assert len(known) == 700
    assert (known.positions(digests(pa.array(texts))) == index).all()
    assert len({int(index[at]) for at in range(700)}) == 700
    assert known.positions(digests(["id-700", "", "id-6990"])).tolist() == [-1, -1, -1]
    nothing, _ = DigestSet.of(digests([]))
    assert nothing.positions(digests(["x"])).tolist() == [-1]


def test_half_a_digest_decides_nothing():
    """Those that share their first half are told apart by the second."""
    pairs = np.array([[5, 3], [5, 1], [7, 0], [5, 2]], np.uint64)
    known, index = DigestSet.of(pairs)
    assert index.tolist() == [2, 0, 3, 1]
    wanted = np.array([[5, 2], [5, 4], [7, 0], [5, 1], [6, 3], [8, 0]], np.uint64)
    assert known.positions(wanted).tolist() == [1, -1, 3, 0, -1, -1]
