"""Transactions that are kept on disk until they are judged."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from runner.audit.digests import digests
from runner.audit.other_transactions import OtherTransactions


def test_they_are_read_as_they_were_added():
    """Those that name an object and are not ours; by each of the keys that name it, which is noted."""
    others = OtherTransactions()
    ids = pa.array(["a", "b", "c", "d"])
    by_keys = [np.array([4, -1, 2, -1]), np.array([-1, 7, 1, -1])]
    times, ours = np.arange(4), np.array([True, False, False, False])
    for _ in range(2):
        others.add(ids, pa.array([None, "", "u", "u"]), digests(ids), times, by_keys, ours)
    read = [batch.transaction(at) for batch in others.batches() for at in range(len(batch.ids))]
    assert [tuple(each) for each in read[: len(read) // 2]] == [
        ("c", 2, "u", 0, 2, True, None),
        ("b", 1, None, 1, 7, False, None),
        ("c", 2, "u", 1, 1, True, None),
    ]
    assert (read[3:], others.count, len(others.known())) == (read[:3], 6, 2)
    others.close()
