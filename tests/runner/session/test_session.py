"""One invocation of a run: how it ends, whatever happens around it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys

from runner.runs.evidence import Examined
from runner.session import session
from tests import ROOT
from tests.harness.program import table


def test_rows_that_nothing_sends_are_no_success(tmp_path, regen, simulator, monkeypatch):
    """A ledger that lost the way to a row: exit 1, and who to ask."""
    (tmp_path / "m.csv").write_text("subscriptionName,subscriptionVersion\nA-1,1\nA-1,2\n")
    with simulator() as server:
        assert regen("plan", "m.csv", "--base-url", server.url, "--run-id", "it").code == 0
        with contextlib.closing(sqlite3.connect(tmp_path / "runs/it/ledger.db")) as ledger, ledger:
            ledger.execute("UPDATE request SET following = NULL")
        monkeypatch.setattr(session, "refuse_changed", lambda folder, **_: Examined())
        done = regen("run", "m.csv", "--base-url", server.url, "--run-id", "it")
    assert done.code == 1
    assert "1 row pending; see `regen verify it`" in done.err
    assert [row["regen_state"] for row in table(tmp_path / "runs/it")] == ["succeeded", "pending"]
    assert regen("verify", "it").code == 3


def test_a_run_that_cannot_connect_says_each_thing_once(tmp_path):
    """As a process of its own: neither asyncio nor an unheard logger prints beside what the program prints."""
    (tmp_path / "s.csv").write_text("subscription name,subscription version\nA-1,1\n")
    environment = {**os.environ, "ZUORA_CLIENT_ID": "id", "ZUORA_CLIENT_SECRET": "secret", "HOME": str(tmp_path)}
    words = ("run", "s.csv", "--base-url", "http://127.0.0.1:1", "--outage-patience", "0.02", "--runs-dir", "runs")
    done = subprocess.run(
        [sys.executable, "-m", "runner", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 4
    assert "regen doctor" in done.stdout
    assert "Traceback" not in done.stderr
    assert "never retrieved" not in done.stderr
    assert sum(line.startswith("stopping: ") for line in done.stderr.splitlines()) == 1
