"""What differs between systems: signals without a loop's handlers, consoles that lack characters."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from runner.system.signals import handled
from tests import ROOT
from tests.flows.test_flows import one, subscriptions
from tests.harness.program import table


def refuse(*_: object) -> None:
    raise NotImplementedError


@pytest.fixture
def no_handlers(monkeypatch):
    """A loop as Windows has it."""
    monkeypatch.setattr(asyncio.SelectorEventLoop, "add_signal_handler", refuse)
    monkeypatch.setattr(asyncio.SelectorEventLoop, "remove_signal_handler", refuse)


@pytest.mark.skipif(os.name != "posix", reason="there, a process cannot interrupt itself alone")
def test_ctrl_c_where_loops_have_no_handlers(tmp_path, regen, simulator, no_handlers):
    """It ends a run gracefully all the same."""
    manifest = subscriptions(tmp_path / "s.csv", 200)
    with simulator(latency=0.05) as server:

        def interrupt() -> None:
            while server.arrivals() < 10:
                time.sleep(0.02)
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        done = regen("run", manifest, "--base-url", server.url, "--concurrency", 4)
        thread.join()
        assert done.code == 130
        assert "go on: regen resume" in done.out
        assert sum(row["regen_state"] == "succeeded" for row in table(one(tmp_path / "runs"))) == server.arrivals()


@pytest.mark.parametrize("loop", ["with", "without"])
async def test_what_was_before_is_put_back(loop, request):
    """And a signal that the system lacks never comes."""
    if loop == "without":
        request.getfixturevalue("no_handlers")
    before, came = signal.getsignal(signal.SIGTERM), asyncio.Event()
    with handled({"SIGTERM": came.set, "SIGNONE": came.set}):
        signal.raise_signal(signal.SIGTERM)
        await came.wait()
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_console_that_lacks_characters(tmp_path, encoding):
    """A plan is printed all the same; JSON stays JSON."""
    (tmp_path / "s.csv").write_text("subscriptionName,subscriptionVersion\nÜ→😀,1\n", "utf-8")
    environment = os.environ | {
        "PYTHONIOENCODING": encoding,
        "ZUORA_CLIENT_ID": "i",
        "ZUORA_CLIENT_SECRET": "s",
        "ZUORA_BASE_URL": "http://127.0.0.1:1",
        "PYTHONPATH": str(ROOT),
    }
    words = [
        sys.executable,
        "-m",
        "runner",
        "plan",
        "s.csv",
        "--runs-dir",
        "Ü→😀",
        *(["--json"] * (encoding == "ascii")),
    ]
    printed = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, check=True).stdout
    if encoding == "ascii":
        assert json.loads(printed.decode("ascii"))["folder"].startswith("Ü→😀")
    else:
        assert " ? http://127.0.0.1:1" in printed.decode("cp1252")
        subprocess.run([*words[:4], "--help"], env=environment | {"PYTHONIOENCODING": "ascii"}, check=True)
