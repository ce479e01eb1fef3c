"""What a run asks of the file system of its folder is tried there: locks, write-ahead log, syncing."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import tempfile

import pytest

from runner.doctor.storage import ground
from runner.runs import lock
from runner.runs.lock import lock_problem, tenant_held
from tests.flows.test_flows import subscriptions

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the calls that are broken here are POSIX's")


def failing(monkeypatch, code: int) -> None:
    """Make syncing a folder fail, as some file systems do; files can be synced."""
    sync = os.fsync

    def syncing(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(code, os.strerror(code))
        sync(handle)

    monkeypatch.setattr(os, "fsync", syncing)


class _NoLock:
    """Locks as on a file system without them: `error` is what taking one raises, None if it is simply granted."""

    error: OSError | NotImplementedError | None = None

    def __init__(self, *_: object, **__: object) -> None: ...

    def acquire(self, **_: object) -> _NoLock:
        if self.error is not None:
            raise self.error
        return self

    def release(self) -> None: ...

    def __enter__(self) -> _NoLock:
        return self

    def __exit__(self, *_: object) -> None: ...


def problems(folder) -> dict[str, tuple[str, str]]:
    """The findings that are not ok: name → level and text."""
    return {
        finding.name: (finding.level.value, f"{finding.message} → {finding.remedy}")
        for finding in ground(folder / "runs")
    }


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOLCK, "No locks available"), "no lock can be taken there (No locks available)"),
        (OSError(errno.ENOSYS, "Function not implemented"), "no lock can be taken there (Function not implemented)"),
        (NotImplementedError("FileSystem does not appear to support flock"), "does not appear to support flock"),
        (None, "a lock that is held can be taken a second time"),
    ],
)
def test_locks_that_do_not_serve(tmp_path, monkeypatch, error, words):
    """Missing ones, and those that keep nobody out; the folder is left as it was."""
    monkeypatch.setattr(_NoLock, "error", error)
    monkeypatch.setattr(lock, "FileLock", _NoLock)
    level, text = problems(tmp_path)["locks"]
    assert level == "fail" and words in text
    assert str(tmp_path) in text and "disk of this machine" in text
    assert list(tmp_path.iterdir()) == []


def test_a_write_ahead_log_that_cannot_be_used(tmp_path, monkeypatch):
    """SQLite's own way to lock without shared memory stands for such a disk."""
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3,
        "connect",
        lambda path, **options: connect(f"file:{path}?vfs=unix-dotfile", **options, uri=True),
    )
    level, text = problems(tmp_path)["ledger"]
    assert level == "fail" and "write-ahead log cannot be used" in text and str(tmp_path) in text


@pytest.mark.parametrize(("code", "level"), [(errno.EINVAL, "warn"), (errno.ENOTSUP, "warn"), (errno.EIO, "fail")])
def test_folders_that_cannot_be_synced(tmp_path, monkeypatch, regen, simulator, code, level):
    """What is not supported is survived and named; an error of the disk is no way to keep a ledger."""
    failing(monkeypatch, code)
    reported, text = problems(tmp_path)["fsync"]
    assert reported == level and str(tmp_path) in text
    with simulator() as server:
        done = regen("run", subscriptions(tmp_path / "s.csv", 2), "--base-url", server.url, "--run-id", "it")
    assert done.code == (0 if level == "warn" else 1)
    assert level == "warn" or "runs/it: Input/output error" in done.err


def test_a_disk_whose_kind_the_system_does_not_name_is_judged_by_what_was_tried(tmp_path, monkeypatch):
    """As on macOS and Windows."""
    monkeypatch.setattr("runner.doctor.storage.kind_of_disk", lambda folder: None)
    assert problems(tmp_path)["disk"] == ("ok", "locks, the write-ahead log and syncing were tried and work → ")
    failing(monkeypatch, errno.EINVAL)
    assert problems(tmp_path)["disk"][0] == "warn"


def test_a_home_without_locks_is_not_needed(tmp_path, monkeypatch):
    """A state folder whose locks do not serve is passed over: the runs folder's lock excludes all the same."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(lock, "lock_problem", lambda folder: "no locks")
    with tenant_held(tmp_path, "t", "h", run="r") as locks:
        assert len(locks) == 1
    monkeypatch.setattr(lock, "lock_problem", lock_problem)
    with tenant_held(tmp_path, "t", "h", run="r") as locks:
        assert len(locks) == 2
