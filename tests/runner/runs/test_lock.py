"""Locks exclude, end with their process, can be queried without being taken, and say who holds them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from runner.domain.errors import Refused, RunHeld
from runner.runs import lock
from runner.runs.folder import RunFolder
from runner.runs.lock import held, holder_of, is_held, tenant_held, tenant_name

OTHER = """
import sys
from pathlib import Path
from runner.runs.lock import held
with held(Path(sys.argv[1]), "it", "run it", run="it"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def elsewhere(tmp_path):
    """A process that holds the lock `it` of tmp_path."""
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_held_lock_is_refused_with_its_holder(tmp_path, elsewhere):
    assert is_held(tmp_path, "it")
    with pytest.raises(RunHeld, match=rf"run it is held by process {elsewhere.pid} on .*, run it, since 2\d{{3}}-"):
        held(tmp_path, "it", "run it").__enter__()


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path, elsewhere):
    elsewhere.send_signal(signal.SIGKILL)
    elsewhere.wait()
    assert holder_of(tmp_path, "it") is not None, "the note of a killed process stays"
    assert not is_held(tmp_path, "it")
    with held(tmp_path, "it", "run it"):
        assert is_held(tmp_path, "it")
    assert not is_held(tmp_path, "it")


def test_whoever_asks_whether_a_run_is_held_keeps_nobody_from_taking_it(tmp_path):
    run, stop = RunFolder(tmp_path / "it"), threading.Event()

    def ask() -> None:
        while not stop.is_set():
            run.is_held()

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    try:
        for _ in range(300):
            with run.lock():
                assert run.is_held()
    finally:
        stop.set()
        for thread in asking:
            thread.join()


def test_waiting_says_for_what(tmp_path, elsewhere):
    messages = []

    def waiting(text: str) -> None:
        messages.append(text)
        elsewhere.communicate("")

    with held(tmp_path, "it", "run it", wait=True, waiting=waiting):
        pass
    assert len(messages) == 1 and f"waiting for run it, held by process {elsewhere.pid}" in messages[0]


def test_the_holder_says_when_it_expects_to_end(tmp_path):
    with held(tmp_path, "it", "run it", run="it") as mine:
        mine.expect_end("2026-11-27T10:00:00.000000Z")
        with pytest.raises(RunHeld, match="expected to end at 2026-11-27T10:00:00Z"):
            held(tmp_path, "it", "run it").__enter__()


@pytest.mark.parametrize("other", ["a", "runs"])
def test_one_tenant_is_held_by_one_run_of_the_user_whatever_the_runs_folder(tmp_path, other):
    with (
        tenant_held(tmp_path / "runs", "t", "host", run="first"),
        pytest.raises(RunHeld, match=r"tenant t at host is held by .*run first"),
        tenant_held(tmp_path / other, "t", "host", run="second"),
    ):
        pass
    with tenant_held(tmp_path / other, "t", "host", run="second"):
        pass


LIKE_EACH_OTHER = [
    "a" * 40,
    "a" * 41,
    "../x",
    "..",
    "/",
    "a/b",
    "a\\b",
    "a:b",
    "A" * 40,
    "é",
    "",
    " ",
    "\x00",
    "x" * 5000,
]


@pytest.mark.parametrize("tenant", LIKE_EACH_OTHER)
def test_tenants_share_no_lock_and_none_leaves_its_folder(tmp_path, tenant):
    others = [other for other in LIKE_EACH_OTHER if other != tenant]
    assert tenant_name(tenant) not in {tenant_name(other) for other in others}
    runs = tmp_path / "runs"
    with tenant_held(runs, tenant, "host", run="first"):
        for other in others:
            with tenant_held(runs, other, "host", run="second"):
                pass
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    assert {path.parent.name for path in runs.rglob("*.lock")} == {".locks"}


def test_without_a_state_folder_the_runs_folder_still_excludes(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "state_folders", lambda part: iter(()))
    with (
        tenant_held(tmp_path, "t", "host", run="first"),
        pytest.raises(RunHeld),
        tenant_held(tmp_path, "t", "host", run="second"),
    ):
        pass


@pytest.mark.parametrize("error", [OSError(37, "No locks available"), NotImplementedError("no flock")])
def test_a_file_system_without_locks_is_named_with_the_remedy(tmp_path, monkeypatch, error):
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(lock.FileLock, "acquire", refuse)
    with pytest.raises(Refused, match=r"no lock can be taken there .*--runs-dir"):
        held(tmp_path, "it", "run it").__enter__()


def test_the_locks_are_private_though_their_folder_was_open(tmp_path):
    locks = tmp_path / "locks"
    locks.mkdir()
    locks.chmod(0o777)
    with held(locks, "it", "run it"):
        assert locks.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in locks.iterdir()} == {0o600}


def test_a_planted_note_is_not_followed(tmp_path):
    target = tmp_path / "target"
    target.write_text("precious")
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "it.holder").symlink_to(target)
    with held(tmp_path / "locks", "it", "run it"):
        pass
    assert target.read_text() == "precious"


def test_a_uid_without_a_name_is_nobody_in_particular(tmp_path, monkeypatch):
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", unknown)
    with held(tmp_path, "it", "run it") as mine:
        assert mine.holder.user == f"uid {os.geteuid()}"
