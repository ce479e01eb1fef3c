"""A ledger takes its name only once it is whole and on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.ledger import enrolment, open_read_only
from tests.harness.virtual import enrolled


def test_a_ledger_is_on_disk_before_it_has_its_name_and_its_folder_after(tmp_path, monkeypatch):
    """Otherwise a power cut leaves an empty ledger, or none, under a run that is about to send."""
    calls, replace, fsync = [], Path.replace, os.fsync

    def syncing(handle):
        calls.append("fsync")
        return fsync(handle)

    def replacing(path, target):
        calls.append("rename")
        return replace(path, target)

    monkeypatch.setattr(enrolment.os, "fsync", syncing)
    monkeypatch.setattr(Path, "replace", replacing)
    monkeypatch.setattr(enrolment, "sync_folder", lambda folder: calls.append(f"folder {folder}"))
    enrolled(tmp_path / "ledger.db", 2)
    assert calls == ["fsync", "rename", f"folder {tmp_path}"]


@pytest.mark.parametrize("leftover", ["-wal", "-shm"])
def test_a_log_of_an_earlier_ledger_is_not_taken_for_its_own(tmp_path, leftover):
    """SQLite would read it into the new file."""
    (tmp_path / f"ledger.db{leftover}").write_bytes(b"of another ledger")
    with open_read_only(enrolled(tmp_path / "ledger.db", 2)) as store:
        assert store.row("SELECT count(*) FROM request") == (2,)
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]
