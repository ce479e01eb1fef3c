"""Ids in buckets by their hash."""

from __future__ import annotations

import pandas as pd

from runner.audit import extract_diff, hash_partition
from tests.runner.audit.test_reconcile import column, compared, extracted, written


def test_many_batches_and_a_hash_that_collides_for_all(tmp_path, ledger, monkeypatch):
    """Batches do not show; ids are compared whole, not by their hash."""
    monkeypatch.setattr(extract_diff, "BATCH", 700)
    monkeypatch.setattr("pandas.util.hash_array", lambda ids, categorize: pd.Series([0] * len(ids), dtype="u8").values)
    rows, gone, more = extracted(ledger, 10, 10)
    done = compared(ledger, written(tmp_path / "x.csv", rows))
    assert set(column(done.missing, "id")) == gone
    assert set(column(done.extra, "Id")) == more
    assert hash_partition.PARTS == 64
