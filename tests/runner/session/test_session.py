"""One invocation of a run: how it ends, whatever happens around it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys

import pytest

from runner.dispatch.run_limits import Tally
from runner.domain.blackout import ALWAYS_OPEN
from runner.ledger import database, open_read_only
from runner.runs.evidence import Examined
from runner.session import close, session
from runner.session.progress import Progress
from runner.system import console
from tests.flows.test_flows import subscriptions
from tests.harness.program import folders, table
from tests.test_architecture import ROOT


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


def test_a_terminal_that_is_gone_does_not_end_the_run(tmp_path, regen, simulator, monkeypatch):
    """Its owner went home; the log has all of it."""
    manifest = subscriptions(tmp_path / "s.csv", 20)
    write = console._write

    def gone(text, file, lacking="replace"):
        if file is sys.stderr and text.startswith(("concurrency ", "pausing ")):
            raise OSError(5, "Input/output error")
        write(text, file, lacking)

    monkeypatch.setattr(console, "_write", gone)
    with simulator(faults={"429": 0.3}, seed=1, retry_after=0) as server:
        assert regen("run", manifest, "--base-url", server.url).code == 0
    (folder,) = folders(tmp_path / "runs")
    assert '"event": "concurrency"' in (folder / "run.log").read_text()


def test_a_bar_on_a_terminal_that_is_gone():
    """It is given up, and nothing is told any more."""

    class Bar:
        n = 0

        def gone(self, *_, **__):
            raise OSError(5, "Input/output error")

        write = update = close = set_postfix_str = gone

    progress = Progress(10, Tally(), ALWAYS_OPEN, quiet=False)
    progress._bar = Bar()
    progress.tell("pausing")
    progress.tell_now()
    progress.close()
    progress = Progress(10, Tally(), ALWAYS_OPEN, quiet=False)
    progress._bar = Bar()
    progress.close()


@pytest.mark.parametrize("reads", [False, True])
def test_somebody_has_the_ledger_open_when_the_run_ends(tmp_path, regen, simulator, monkeypatch, reads):
    """Open it may stay; in the middle of a query it holds up the seal, and `resume` makes up for it."""
    manifest, ledger = subscriptions(tmp_path / "s.csv", 5), tmp_path / "runs/it/ledger.db"
    opened = contextlib.ExitStack()
    write_views = close.write_views

    def opening(*arguments):
        other = opened.enter_context(open_read_only(ledger))
        query = other.rows("SELECT * FROM line")
        next(query)
        opened.callback(query.close)
        if not reads:
            query.close()
        write_views(*arguments)

    monkeypatch.setattr(close, "write_views", opening)
    monkeypatch.setattr(database, "OTHERS_SECONDS", 0.1)
    with simulator() as server:
        done = regen("run", manifest, "--base-url", server.url, "--run-id", "it")
    assert done.code == 0
    assert ("another program is reading" if reads else "another program has") in done.err
    assert (ledger.parent / "SHA256SUMS").exists() is not reads
    opened.close()
    monkeypatch.setattr(close, "write_views", write_views)
    with simulator():
        assert regen("verify", "it").code == 3
        assert regen("resume", "it").code == 0
    assert regen("verify", "it").code == 0


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
