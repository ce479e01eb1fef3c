"""Copies of a ledger: whole, readable by SQLite alone, only the last ones kept."""

from __future__ import annotations

import pytest

from runner.domain.errors import LedgerError
from runner.ledger import open_read_only
from runner.remote.copies import CopyName, copies_of, fetch_copy, put_copy, remove_old_copies
from tests.runner.remote.conftest import beside


def test_the_last_ones_by_number_are_kept(sealed, storage, tmp_path):
    for name in (CopyName(1, 0), CopyName(9, 9), CopyName(9, 10), CopyName(10, 0)):
        put_copy(storage, sealed.id, name, sealed.ledger)
    (tmp_path / "remote" / "ledger" / sealed.id / "notes.txt").write_text("somebody's")
    assert copies_of(storage, sealed.id)[-1] == (10, 0)
    remove_old_copies(storage, sealed.id)
    assert copies_of(storage, sealed.id) == [(9, 10), (10, 0)]
    assert [path.name for path in sealed.path.glob(".*.new")] == []


def test_a_copy_is_the_ledger(sealed, storage):
    put_copy(storage, sealed.id, CopyName(1, 0), sealed.ledger)
    other = beside(sealed)
    other.make()
    fetch_copy(storage, sealed.id, CopyName(1, 0), other.ledger)
    with open_read_only(sealed.ledger) as ours, open_read_only(other.ledger) as theirs:
        for table in ("fact", "request", "attempt", "outcome", "closing"):
            sql = f"SELECT * FROM {table}"
            assert list(ours.rows(sql)) == list(theirs.rows(sql))
    assert other.ledger.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", [b"", b"no zstd", None])
def test_a_damaged_copy_leaves_nothing(sealed, storage, tmp_path, damage):
    put_copy(storage, sealed.id, CopyName(1, 0), sealed.ledger)
    path = tmp_path / "remote" / "ledger" / sealed.id / "1-0.zst"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage is None else damage)
    other = beside(sealed)
    other.make()
    with pytest.raises(LedgerError):
        fetch_copy(storage, sealed.id, CopyName(1, 0), other.ledger)
    assert list(other.path.iterdir()) == []
