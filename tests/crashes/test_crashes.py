"""A real process, killed: nothing lost, nothing doubled, every repeat under the same key."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.ledger import open_read_only
from runner.system.recovery_points import POINTS
from tests import ROOT
from tests.flows.test_flows import subscriptions
from tests.harness import forks
from tests.harness.audited import broken
from tests.harness.forks import ended
from tests.harness.kills import environment_killed_at
from tests.harness.program import Done, Server, folders, simulated, table

REGEN = [sys.executable, "-m", "runner"]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL")


def environment() -> dict[str, str]:
    """What a process of the program needs: this tree, wherever a test has its folder, and credentials."""
    own = {"PYTHONPATH": str(ROOT), "ZUORA_CLIENT_ID": "test-id", "ZUORA_CLIENT_SECRET": "test-secret"}
    return os.environ | own


def command(manifest: Path, url: str, *more: str) -> list[str]:
    runs = str(manifest.parent / "runs")
    return [*REGEN, "run", str(manifest), "--base-url", url, "--runs-dir", runs, "--quiet", *more]


def run(words: list[str], point: str | None = None) -> int:
    code, errors = ended(words[len(REGEN) :], environment() | (environment_killed_at(point) if point else {}))
    assert "Traceback" not in errors, errors
    return code


def again(regen: Callable[..., Done], words: list[str]) -> int:
    """Run a command in this process, which has all that it imports."""
    return regen(*words[len(REGEN) :]).code


def begun(words: list[str], **options: Any) -> forks.Popen:
    """Begin a command in a process of its own."""
    return forks.Popen(words[len(REGEN) :], env=environment(), **options)


def killed_after(words: list[str], seconds: float) -> int | None:
    """Start a process and SIGKILL it after so many seconds; its exit code if it was faster."""
    process = begun(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


def prove(manifest: Path, server: Server, rows: int) -> None:
    """One effect each, all rows there, ids equal, each request under one key; reconcile and verify hold."""
    (folder,) = folders(manifest.parent / "runs")
    results, effects, seen = table(folder), server.by_key(), server.regenerations()
    assert [row["regen_line"] for row in results] == list(range(1, rows + 1))
    assert {row["regen_state"] for row in results} == {"succeeded"}
    assert [len(one["effects"]) for one in seen] == [1] * rows
    assert all(len(set(one["keys"])) == 1 for one in seen)
    assert all(effects[row["regen_key"]] == row["regen_id_list"] for row in results)
    assert broken(folder) == {}
    assert subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, check=False).returncode == 0


@pytest.mark.parametrize("point", [*POINTS, "writing:5", "written:5", "claimed:3", "answered:60", "drafting-view:3"])
def test_killed_at_every_recovery_point(tmp_path, regen, point):
    """The same command again finishes the run; it need not be in a process of its own."""
    manifest = subscriptions(tmp_path / "s.csv", 120)
    with simulated(latency=0.002) as server:
        words = command(manifest, server.url)
        assert run(words, point) == -signal.SIGKILL
        assert again(regen, words) == 0
        prove(manifest, server, 120)


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_random_and_resumed_until_done(tmp_path, regen, seed):
    """Five kills each, with answers lost beside."""
    manifest = subscriptions(tmp_path / "s.csv", 500)
    chance = random.Random(seed)
    with simulated(latency=0.05, faults={"lost-answer": 0.05, "503-worked": 0.05}, seed=seed, retry_after=0) as server:
        words = command(manifest, server.url, "--concurrency", "20")
        kills = sum(killed_after(words, chance.uniform(0.1, 0.7)) is None for _ in range(5))
        assert kills >= 2
        assert again(regen, words) == 0
        prove(manifest, server, 500)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def simulator_process(port: int, state: Path, *more: str) -> Iterator[forks.Popen]:
    process = forks.Popen(["simulate", "--port", port, "--state", state, *more], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening")
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_both_sides_are_killed(tmp_path):
    """The tenant goes away in the middle, too, and comes back with what it remembers."""
    manifest, state, port = subscriptions(tmp_path / "s.csv", 300), tmp_path / "state.db", free_port()
    words = command(manifest, f"http://127.0.0.1:{port}", "--concurrency", "10")
    with simulator_process(port, state, "--latency", "0.05"):
        assert killed_after(words, 0.6) is None
    with simulator_process(port, state, "--latency", "0.05"):
        runner = begun(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
    with simulator_process(port, state):
        assert runner.wait(timeout=60) == 0
        prove(manifest, Server(f"http://127.0.0.1:{port}"), 300)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_in_good_order(tmp_path, regen, number, code):
    """What is under way finishes; results are written; the resume command is printed; nothing is in doubt."""
    manifest = subscriptions(tmp_path / "s.csv", 400)
    with simulated(latency=0.1) as server:
        words = [word for word in command(manifest, server.url, "--concurrency", "10") if word != "--quiet"]
        process = begun(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while server.arrivals() < 20:
            time.sleep(0.02)
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)
        assert process.returncode == code
        (folder,) = folders(tmp_path / "runs")
        assert f"regen resume {folder}" in out
        assert (folder / "SHA256SUMS").exists()
        with open_read_only(folder / "ledger.db") as store:
            assert store.row("SELECT count(*) FROM attempt WHERE answered_at IS NULL") == (0,)
        done = sum(row["regen_state"] == "succeeded" for row in table(folder))
        assert done == server.arrivals()
        assert again(regen, [*REGEN, "resume", folder.name, "--quiet"]) == 0
        prove(manifest, server, 400)


def test_a_second_signal_ends_it_at_once_and_still_safely(tmp_path):
    """What was under way is in doubt, and is sent again under the same key."""
    manifest = subscriptions(tmp_path / "s.csv", 40)
    with simulated(latency=1) as server:
        process = begun(command(manifest, server.url, "--concurrency", "5"), stderr=subprocess.DEVNULL)
        while server.get("stats")["peakConcurrency"] < 5:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 143
    with open_read_only(folders(tmp_path / "runs")[0] / "ledger.db") as store:
        (doubts,) = store.row("SELECT count(*) FROM attempt WHERE in_doubt") or (0,)
        assert 1 <= doubts <= 5


def test_one_run_one_process(tmp_path):
    """A second process learns who holds the run, and a second run of the tenant likewise."""
    manifest, other = subscriptions(tmp_path / "s.csv", 2000), subscriptions(tmp_path / "other.csv", 2)
    with simulated(latency=0.2) as server:
        first = begun(command(manifest, server.url, "--concurrency", "5"))
        try:
            while server.arrivals() < 8:  # the rows of the other manifest have their answers
                time.sleep(0.02)
            code, errors = ended(command(manifest, server.url)[len(REGEN) :], environment())
            assert (code, f"process {first.pid}" in errors) == (6, True), errors
            code, errors = ended(command(other, server.url)[len(REGEN) :], environment())
            assert (code, "tenant" in errors) == (6, True), errors
            waiting = begun(command(other, server.url, "--wait"))
            first.terminate()
            assert first.wait(timeout=30) == 143
            assert waiting.wait(timeout=30) == 0
        finally:
            first.kill()
            first.wait()


def test_a_full_disk_is_reported_and_the_run_goes_on_later(tmp_path, regen):
    """The ledger cannot grow: exit 1, a sentence, and no answer that was recorded is lost."""
    manifest = subscriptions(tmp_path / "s.csv", 600)
    with simulated(latency=0.01) as server:
        words = command(manifest, server.url)
        limited = ["bash", "-c", f"ulimit -f 260; trap '' XFSZ; exec {subprocess.list2cmdline(words)}"]
        done = subprocess.run(limited, env=environment(), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        assert "regen resume" in done.stderr
        assert 0 < server.arrivals() < 600
        assert again(regen, words) == 0
        prove(manifest, server, 600)


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="SIGUSR1")
def test_a_run_that_goes_on_tells_how_far_it_is(tmp_path, regen):
    """SIGUSR1 prints a status line; `regen show` reads pace, concurrency and time left from the ledger."""
    manifest = subscriptions(tmp_path / "s.csv", 2000)
    with simulated(latency=0.05) as server:
        process = begun(command(manifest, server.url, "--concurrency", "4"), stderr=subprocess.PIPE, text=True)
        while server.arrivals() < 40:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.send_signal(signal.SIGUSR1)
        (folder,) = folders(tmp_path / "runs")
        time.sleep(0.3)
        shown = regen("show", folder.name).out
        process.terminate()
        _, err = process.communicate(timeout=30)
    assert "of 2000 requests" in err
    assert "of 4 at once" in err
    assert "answers a second, 4 at once" in shown
    assert "requests pending, about" in shown
