"""A ledger made again from its last copy, and what it says of itself."""

from __future__ import annotations

import pytest

from runner.domain.errors import LedgerError, Refused
from runner.domain.run_status import RunStatus
from runner.ledger import open_read_only, open_writable, queries
from runner.remote.copies import CopyName, put_copy
from runner.remote.recover import restore
from tests.runner.remote.conftest import beside

COPIED = "2026-11-21T10:00:00+00:00"


@pytest.fixture
def running(sealed):
    """The run as if it were going on, with two requests left."""
    sealed.unseal()
    with open_writable(sealed.ledger) as store:
        store.set_facts(status=RunStatus.RUNNING, copied_at=COPIED)
        with store.transaction() as connection:
            connection.execute(
                "UPDATE request SET state = 'pending' WHERE request IN (SELECT request FROM request LIMIT 2)"
            )
    return sealed


def test_what_the_copy_does_not_know_counts_as_sent_when_it_was_made(running, storage):
    put_copy(storage, running.id, CopyName(1, 3), running.ledger)
    other = beside(running)
    recovered = restore(storage, other)
    assert recovered.restoration.copied_at == COPIED
    with open_read_only(running.ledger) as before, open_read_only(other.ledger) as store:
        waiting = queries.pending(before)
        assert recovered.restoration.assumed == waiting == queries.pending(store) > 0
        facts = store.facts()
        assert facts.restorations == (recovered.restoration,)
        assert (facts.folder_path, facts.status) == (str(other.path), RunStatus.RUNNING)
        assert facts.remote.token and queries.sendings(store)[0] == queries.sendings(before)[0]
        (claimed,) = set(store.rows("SELECT claimed_at FROM attempt WHERE message LIKE 'assumed:%'"))
        assert claimed == (1_795_255_200 * 1_000_000,)
    assert other.document().restorations == (recovered.restoration,)


def test_an_earlier_copy_serves_where_the_last_is_damaged(running, storage, tmp_path):
    put_copy(storage, running.id, CopyName(1, 3), running.ledger)
    (tmp_path / "remote" / "ledger" / running.id / "2-0.zst").write_bytes(b"?")
    recovered = restore(storage, beside(running))
    assert (recovered.name, recovered.damaged) == ((1, 3), ((2, 0),))


def test_a_run_that_is_over_is_left_as_it_was(sealed, storage):
    put_copy(storage, sealed.id, CopyName(1, 3), sealed.ledger)
    other = beside(sealed)
    assert restore(storage, other).restoration is None
    assert other.ledger.stat().st_size and other.document() == sealed.document()


def test_without_a_copy_that_can_be_read_nothing_is_restored(sealed, storage):
    with pytest.raises(Refused, match="no copy of the ledger"):
        restore(storage, beside(sealed))
    storage.create(f"ledger/{sealed.id}/1-0.zst", b"?")
    with pytest.raises(LedgerError, match="none of 1 copies"):
        restore(storage, beside(sealed))
