"""A run under way is never taken for one that has lost a part of its ledger."""

from __future__ import annotations

from runner.ledger import Claim, Journal, open_writable
from runner.runs import completeness
from runner.runs.completeness import incomplete
from runner.runs.folder import LOG, RunFolder
from runner.runs.send_notes import SendNotes
from tests.harness.virtual import enrolled


def test_claims_given_back_while_the_folder_is_read_are_not_missing(tmp_path, monkeypatch):
    """The notes are of a moment before, the ledger of a moment after."""
    folder, notes = RunFolder(tmp_path), SendNotes(tmp_path, tmp_path / LOG)
    claims = [Claim(request, 1, 0, 1) for request in (1, 2)]
    noted = completeness.noted
    with open_writable(enrolled(tmp_path / "ledger.db", 2)) as store:
        journal = Journal(store, notes.note)
        journal.write([], claims)
        assert incomplete(folder) is None
        returned = []

        def meanwhile(*paths):
            before = noted(*paths)
            if not returned:
                returned.append(claims[1])
                journal.write([], [], returned)
            return before

        monkeypatch.setattr(completeness, "noted", meanwhile)
        assert incomplete(folder) is None
        assert returned
    notes.close()


def test_what_stays_missing_is_named_with_both_numbers(tmp_path):
    folder, notes = RunFolder(tmp_path), SendNotes(tmp_path, tmp_path / LOG)
    with open_writable(enrolled(tmp_path / "ledger.db", 2)) as store:
        Journal(store, notes.note).write([], [Claim(1, 1, 0, 1), Claim(2, 1, 0, 1)])
        store.connection.execute("DELETE FROM attempt WHERE request = 2")
    notes.close()
    lost = incomplete(folder)
    assert lost is not None
    assert "2 attempts; ledger.db: 1" in lost.reasons[0]
    assert lost.since == 1
