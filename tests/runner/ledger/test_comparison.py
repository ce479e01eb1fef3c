"""The fates of objects in two ledgers."""

from __future__ import annotations

import pytest

from runner.audit.run_diff import KINDS, kind_of
from runner.ledger.comparison import Change


@pytest.mark.parametrize("before", ["succeeded", "failed", "unknown", "rejected", "pending", None])
@pytest.mark.parametrize("after", ["succeeded", "failed", "unknown", "rejected", "pending", None])
def test_every_pair_of_fates_has_a_kind(before, after):
    """Or is no change at all."""
    if before is after is None:
        return
    kind = kind_of(Change("A", before, after, 1, 1, "[]", "[]", None, None))
    assert kind is None or kind in KINDS
    assert (kind is None) == (before == after and before in ("succeeded", "pending"))
