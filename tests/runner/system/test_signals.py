"""SIGTERM and SIGHUP end every phase, from the first line on; nothing that was ignored is handled."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from runner.runs.lock import tenant_held
from runner.system.signals import Terminated, finishing, handled, install, raising
from tests import ROOT
from tests.flows.test_flows import subscriptions
from tests.harness import forks
from tests.harness.program import folders, simulated

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "ZUORA_CLIENT_ID": "i", "ZUORA_CLIENT_SECRET": "s"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_they_raise_and_are_put_back(number):
    """No `except Exception` stops the exception."""
    before = signal.getsignal(number)
    with pytest.raises(Terminated, match=number.name), raising():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before
    assert not issubclass(Terminated, Exception)


def test_what_was_ignored_stays_ignored():
    """As with nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with raising():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_request_for_progress_kills_nothing():
    """SIGUSR1 arrives when there is no progress to show."""
    with raising():
        signal.raise_signal(signal.SIGUSR1)


def test_other_threads_install_nothing():
    """Python allows handlers in the main thread alone."""
    results: list[object] = []

    async def within() -> None:
        with handled({"SIGTERM": lambda: None}):
            results.append("entered")

    def work() -> None:
        results.append(install())
        asyncio.run(within())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert results == [{}, "entered"]


async def test_the_handler_before_is_back_after_a_loop():
    """asyncio itself would leave the default, which kills."""
    with raising():
        mine, arrived = signal.getsignal(signal.SIGTERM), asyncio.Event()
        with handled({"SIGTERM": arrived.set}):
            signal.raise_signal(signal.SIGTERM)
            await arrived.wait()
        assert signal.getsignal(signal.SIGTERM) == mine != signal.SIG_DFL


async def test_a_signal_while_a_run_is_finished_stops_the_next_one():
    """The first is postponed, the second raises."""
    arrived = asyncio.Event()
    with raising():
        with finishing():
            signal.raise_signal(signal.SIGTERM)
        with handled({"SIGTERM": arrived.set}):
            await arrived.wait()
        with pytest.raises(Terminated), finishing():
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)


def started(*words: object, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """A process of the program; with a prefix, one that begins from nothing."""
    command = [*prefix, *([sys.executable, "-m", "runner"] if prefix else []), *map(str, words)]
    options = {"env": os.environ | ENVIRONMENT, "stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return (subprocess.Popen if prefix else forks.Popen)(command, **options)


def ended(process: subprocess.Popen[str], number: int) -> tuple[int, str]:
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


LATE = """
import os, sys
number, sys.argv[1:] = int(sys.argv[1]), ["--version"]
class Late:
    def __del__(self, kill=os.kill, process=os.getpid(), number=number):
        kill(process, number)
sys.late = Late()
from runner.__main__ import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
def test_while_the_interpreter_ends(number):
    """What there was to do is done, and the exit code says how it went."""
    command = [sys.executable, "-c", LATE, str(int(number))]
    assert subprocess.run(command, env=os.environ | ENVIRONMENT, timeout=60, check=False).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_while_planning(tmp_path, number):
    """The manifest comes through a pipe that stays open: nothing was sent."""
    process = started("run", "-", "--base-url", "http://127.0.0.1:9", "--runs-dir", tmp_path / "runs", "--quiet")
    assert process.stdin is not None
    process.stdin.write("x" * 1_000_000)  # returns once the program reads
    code, err = ended(process, number)
    assert (code, "Traceback" in err) == (143, False)
    assert f"ended by {signal.Signals(number).name}" in err


@pytest.mark.skipif(shutil.which("unshare") is None or os.geteuid() != 0, reason="namespaces of processes need root")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_as_process_1(tmp_path, number):
    """As in a container, where a signal without a handler is lost."""
    words = ("run", "-", "--base-url", "http://127.0.0.1:9", "--runs-dir", tmp_path / "runs", "--quiet")
    process = started(*words, prefix=("unshare", "--pid", "--fork", "--kill-child"))
    assert process.stdin is not None
    process.stdin.write("x" * 1_000_000)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    if not children:
        pytest.skip("no namespace can be made here")
    os.kill(int(children[0]), number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, f"ended by {signal.Signals(number).name}" in err) == (143, True)


@pytest.mark.parametrize(("number", "as_process_1"), [(signal.SIGTERM, False), (signal.SIGHUP, True)])
def test_while_waiting_for_the_tenant(tmp_path, monkeypatch, number, as_process_1):
    """`--wait` ends at once, and nothing was sent; the plan is there for the next command."""
    if as_process_1 and (shutil.which("unshare") is None or os.geteuid() != 0):
        pytest.skip("namespaces of processes need root")
    runs, tenant = tmp_path / "runs", hashlib.sha256(b"i").hexdigest()
    words = ("run", subscriptions(tmp_path / "s.csv", 3), "--base-url", "http://127.0.0.1:9", "--runs-dir", runs)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with tenant_held(runs, tenant, "127.0.0.1:9", run="theirs"):
        prefix = ("unshare", "--pid", "--fork", "--kill-child") if as_process_1 else ()
        process = started(*words, "--wait", "--quiet", prefix=prefix)
        assert process.stderr is not None
        first = process.stderr.readline()
        if "unshare" in first:
            pytest.skip("no namespace can be made here")
        assert "waiting for tenant" in first and "run theirs" in first
        target = process.pid
        if as_process_1:
            target = int(Path(f"/proc/{target}/task/{target}/children").read_text().split()[0])
        os.kill(target, number)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, f"ended by {number.name}" in err, "Traceback" in err) == (143, True, False)
    (folder,) = folders(runs)
    assert json.loads((folder / "run.json").read_text())["requests"]["sent"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_while_sending(tmp_path, number):
    """The run has its results and can be resumed."""
    with simulated(latency=0.05) as server:
        words = ("run", subscriptions(tmp_path / "s.csv", 400), "--base-url", server.url, "--concurrency", 2)
        process = started(*words, "--runs-dir", tmp_path / "runs", "--quiet")
        while server.arrivals() < 5:
            time.sleep(0.05)
        code, _ = ended(process, number)
        assert code == 143
        (folder,) = folders(tmp_path / "runs")
        assert (folder / "results.csv").exists() and (folder / "SHA256SUMS").exists()
        assert server.arrivals() < 400
