"""Opening a ledger."""

from __future__ import annotations

import os
import sqlite3

import pytest

from runner.domain.errors import LedgerUnusable
from runner.ledger import open_read_only, open_writable
from tests.harness.virtual import enrolled


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no ledger"),
        (lambda path: path.write_bytes(b""), "not a ledger of this program"),
        (lambda path: path.write_bytes(b"not a database, at all " * 100), "damaged"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.close(), "not a ledger"),
    ],
)
def test_a_foreign_file_is_refused(tmp_path, make, message):
    """With what to do."""
    make(tmp_path / "ledger.db")
    for opening in (open_writable, open_read_only):
        with pytest.raises(LedgerUnusable, match=message):
            opening(tmp_path / "ledger.db")


def test_what_is_refused_is_closed_again(tmp_path, monkeypatch):
    """No handle stays on a file that is not a ledger, so that Windows lets go of it."""
    path, opened = tmp_path / "ledger.db", []
    path.write_bytes(b"not a database, at all " * 100)
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *words, **more: opened.append(connect(*words, **more)) or opened[-1])
    for opening in (open_writable, open_read_only):
        with pytest.raises(LedgerUnusable):
            opening(path)
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            opened[-1].execute("SELECT 1")


def test_a_later_version_is_refused(tmp_path):
    """Never half understood."""
    path = enrolled(tmp_path / "ledger.db", 1)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LedgerUnusable, match="later version"):
        open_writable(path)


def test_a_damaged_ledger_fails_its_check(tmp_path):
    """After an unclean stop every page is looked at."""
    path = enrolled(tmp_path / "ledger.db", 3000)
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2
    raw[middle : middle + 4096] = os.urandom(4096)
    path.write_bytes(raw)
    with pytest.raises(LedgerUnusable, match="damaged"), open_writable(path) as store:
        store.check()


def test_a_snapshot_does_not_change_under_the_reader(tmp_path):
    """What another process commits meanwhile is seen afterwards."""
    path = enrolled(tmp_path / "ledger.db", 1)
    with open_writable(path) as writer, open_read_only(path) as reader:
        with reader.snapshot():
            before = reader.facts()
            writer.set_facts(reason="later")
            assert reader.facts() == before
        assert reader.facts().reason == "later"
