"""Heads of the hash chain that were noted elsewhere."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from runner.audit.verify import verify
from runner.ledger.hash_chain import chain
from runner.results.report import write_report
from runner.results.writer import write_views
from runner.runs.folder import RunFolder
from tests.runner.audit.test_verify import broken, head_of, sealed_anew


def test_an_earlier_head_is_known_as_such(tmp_path, audited):
    """The head that was noted before the run was resumed proves what came before, and says so."""
    with closing(sqlite3.connect(audited / "ledger.db")) as ledger, ledger:
        first, last = [row[0] for row in ledger.execute("SELECT hash FROM closing ORDER BY closing")]
    ledger.close()
    assert last == head_of(audited)
    assert broken(audited, first) == {}
    (noted,) = [check for check in verify(RunFolder(audited), first) if check.name == "head"]
    assert noted.notes == (f"{first} is the head of ending 1 of 2: the run was resumed since; its head is now {last}",)
    assert "of no ending" in broken(audited, "0" * 64)["head"][0]


def test_a_chain_that_was_made_anew_differs_from_a_head_noted_elsewhere(audited):
    """Who changes an outcome and all that hashes it cannot change the head on another machine."""
    from runner.ledger import Journal, checkpoint, open_writable

    head = head_of(audited)
    with open_writable(audited / "ledger.db") as store:
        store.connection.execute("UPDATE outcome SET code = 'x' WHERE seq = 5")
        for seq, _, due in list(chain(store)):
            store.connection.execute("UPDATE outcome SET hash = ? WHERE seq = ?", (due, seq))
            # the next entry hashes this one
        while wrong := [(due, seq) for seq, stored, due in chain(store) if stored != due]:
            store.connection.execute("UPDATE outcome SET hash = ? WHERE seq = ?", wrong[0])
        store.connection.execute("DELETE FROM closing")
        store.set_facts(head=Journal(store).close(0))
        assert checkpoint.closings(store)[-1].hash != head
        write_views(store, audited, ("csv", "parquet"))
        write_report(store, audited, RunFolder(audited).write_document(store))
        store.settle_down()
    sealed_anew(audited)
    assert broken(audited) == {}
    assert list(broken(audited, head)) == ["head"]
