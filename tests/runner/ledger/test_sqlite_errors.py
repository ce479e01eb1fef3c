"""Disks and versions on which SQLite cannot keep a ledger are named, with what to do, before anything is sent."""

from __future__ import annotations

import sqlite3

import pytest

from runner.domain.errors import LedgerFull, LedgerUnusable
from runner.ledger import Settled, database, open_read_only, open_writable, sqlite_errors
from runner.ledger.sqlite_errors import require_version, translate, try_folder
from tests.flows.test_flows import subscriptions
from tests.harness.virtual import enrolled


def error(name: str, text: str) -> sqlite3.OperationalError:
    made = sqlite3.OperationalError(text)
    made.sqlite_errorname = name  # type: ignore[misc]
    return made


@pytest.mark.parametrize(
    ("name", "text", "kind", "words"),
    [
        ("SQLITE_PROTOCOL", "locking protocol", LedgerUnusable, "local disk"),
        ("SQLITE_IOERR_LOCK", "disk I/O error", LedgerUnusable, "local disk"),
        ("SQLITE_IOERR_SHMMAP", "disk I/O error", LedgerUnusable, "local disk"),
        ("SQLITE_IOERR_WRITE", "disk I/O error", LedgerFull, "make room"),
        ("SQLITE_FULL", "database or disk is full", LedgerFull, "make room"),
        ("SQLITE_READONLY", "attempt to write a readonly database", LedgerUnusable, "writable"),
        ("SQLITE_CANTOPEN", "unable to open database file", LedgerUnusable, "writable"),
        ("SQLITE_BUSY", "database is locked", LedgerUnusable, "close it"),
        ("SQLITE_CORRUPT", "database disk image is malformed", LedgerUnusable, "restore the run folder"),
    ],
)
def test_every_error_names_file_and_remedy(tmp_path, name, text, kind, words):
    ours = translate(error(name, text), tmp_path / "it" / "ledger.db")
    assert type(ours) is kind
    assert words in str(ours) and str(tmp_path / "it") in str(ours)


@pytest.fixture
def without_shared_memory(monkeypatch):
    """Files as on a disk without shared memory: SQLite's own way to imitate it is another set of file routines."""
    connect = sqlite3.connect

    def connecting(path, **options):
        text = str(path) if str(path).startswith("file:") else f"file:{path}?mode=rwc"
        return connect(f"{text}&vfs=unix-dotfile", **options | {"uri": True})

    monkeypatch.setattr(sqlite3, "connect", connecting)


def test_a_disk_without_write_ahead_log_is_refused_with_the_folder_and_the_remedy(tmp_path, without_shared_memory):
    ledger = enrolled(tmp_path / "ledger.db", 1)
    with pytest.raises(LedgerUnusable, match=r"write-ahead log needs.*--runs-dir on a local disk"):
        open_writable(ledger)
    assert "write-ahead log cannot be used" in str(try_folder(tmp_path))


def test_a_run_on_such_a_disk_sends_nothing(tmp_path, regen, simulator, without_shared_memory):
    with simulator() as server:
        done = regen("run", subscriptions(tmp_path / "s.csv", 2), "--base-url", server.url, "--run-id", "it")
        assert server.arrivals() == 0
    assert done.code == 1
    assert "--runs-dir on a local disk" in done.err


def test_a_folder_is_tried_and_left_as_it_was(tmp_path):
    assert try_folder(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", [(3, 31, 1), (3, 36, 0)])
def test_an_older_sqlite_is_refused_by_every_command(tmp_path, regen, simulator, monkeypatch, version):
    manifest = subscriptions(tmp_path / "s.csv", 1)
    with simulator() as server:
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "it").code == 0
        monkeypatch.setattr(sqlite_errors.sqlite3, "sqlite_version_info", version)
        monkeypatch.setattr(sqlite_errors.sqlite3, "sqlite_version", ".".join(map(str, version)))
        for words in (
            ("plan", manifest, "--base-url", server.url, "--run-id", "new"),
            ("run", manifest, "--base-url", server.url, "--run-id", "new"),
            ("resume", "it"),
            ("show", "it"),
            ("results", "it"),
            ("report", "it"),
            ("reconcile", "it"),
            ("abandon", "it"),
        ):
            done = regen(*words)
            assert done.code == 2, words
            assert "needs 3.37 or later" in done.err
        doctor = regen("doctor", "--base-url", server.url)
    assert doctor.code != 0 and "needs 3.37 or later" in doctor.out


def test_this_sqlite_will_do():
    require_version()


def test_a_ledger_that_is_being_read_is_complete_or_reported_as_incomplete(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "OTHERS_SECONDS", 0.1)
    with open_writable(enrolled(tmp_path / "ledger.db", 3)) as store:
        other = open_read_only(store.path)
        query = other.rows("SELECT * FROM line")
        next(query)
        store.set_facts(reason="written since")
        assert store.settle_down() is Settled.READ
        query.close()
        assert store.settle_down() is Settled.OPEN
        other.close()
        assert store.settle_down() is Settled.PLAIN
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]
