"""Whether the rows of a ledger add up."""

from __future__ import annotations

from tests.runner.audit.test_reconcile import changed, failures_of


def test_an_id_under_two_requests(audited, monkeypatch):
    """Of two objects it breaks the promise; of one and the same it is a note."""
    same = "UPDATE outcome SET ids = '[\"abc\"]' WHERE request IN (12, 13) AND state = 'succeeded'"
    changed(audited, same)
    assert failures_of(audited, monkeypatch)["ids"] == ["id abc: rows 12, 13"]
    changed(audited, "UPDATE line SET object = 'one' WHERE line IN (12, 13)")
    assert failures_of(audited, monkeypatch)["ids"] == []


def test_rows_that_do_not_add_up(audited, monkeypatch):
    """A row without a request and without a problem has no fate."""
    changed(audited, "UPDATE line SET problem = NULL WHERE line = 43")
    assert "row 43: neither rejected nor part of a request" in failures_of(audited, monkeypatch)["balance"]
