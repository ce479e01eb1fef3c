"""A run that was killed and whose write-ahead log is gone: its ledger is sound, and older than what was sent."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from runner.audit.verify import verify
from runner.ledger import open_read_only, queries
from runner.runs.folder import RunFolder
from tests.crashes.test_crashes import command, prove, run
from tests.flows.test_flows import subscriptions
from tests.harness.program import simulated, table

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
ROWS = 300


@pytest.fixture
def server():
    with simulated(latency=0.01) as server:
        yield server


def killed(tmp_path: Path, url: str, point: str = "answered:150", *more: str) -> Path:
    """A run killed at a recovery point, with what it had in its folder."""
    manifest = subscriptions(tmp_path / "s.csv", ROWS)
    assert run(command(manifest, url, "--run-id", "it", *more), point) == -9
    return tmp_path / "runs" / "it"


def lose_wal(folder: Path) -> None:
    """What a copy of ledger.db alone leaves, or a cleaner of temporary files."""
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (folder / name).unlink()


def failing(folder: Path) -> dict[str, tuple[str, ...]]:
    return {check.name: check.failures for check in verify(RunFolder(folder)) if not check.passed}


@pytest.mark.parametrize("point", ["claimed", "answered", "answered:30", "answered:150", "answered:299"])
@pytest.mark.parametrize("left", ["all", "without the exact note", "run.json and the ledger alone"])
def test_it_is_refused_named_and_goes_on_under_the_same_keys(tmp_path, server, regen, point, left):
    folder = killed(tmp_path, server.url, point)
    lose_wal(folder)
    if left != "all":
        (folder / ".sends").unlink()
    if left == "run.json and the ledger alone":
        (folder / "run.log").unlink()
    before, arrivals = (folder / "ledger.db").read_bytes(), server.arrivals()
    for words in (["resume", "it"], command(tmp_path / "s.csv", server.url, "--run-id", "it")[3:]):
        refused = regen(*words)
        assert (refused.code, server.arrivals()) == (2, arrivals)
        assert "older than the rest of its folder; nothing was sent" in refused.err
        assert "--accept-incomplete-ledger" in refused.err and "ledger.db-wal" in refused.err
    assert (folder / "ledger.db").read_bytes() == before
    assert "complete" in failing(folder)
    assert "the ledger is older than the rest of its folder" in regen("show", "it").out

    assert regen("resume", "it", "--accept-incomplete-ledger").code == 0
    prove(tmp_path / "s.csv", server, ROWS)
    (ending,) = [check for check in verify(RunFolder(folder)) if check.name == "ending"]
    assert any("incomplete ledger" in note and "accepted by" in note for note in ending.notes)


def test_with_its_wal_it_goes_on_as_ever(tmp_path, server, regen):
    folder = killed(tmp_path, server.url)
    assert "complete" not in failing(folder)
    assert regen("resume", "it").code == 0
    prove(tmp_path / "s.csv", server, ROWS)
    assert not (folder / ".sends").exists()


def test_a_copy_of_an_earlier_moment_is_recognized_in_the_second_invocation_too(tmp_path, server, regen):
    """The ledger was copied back from a backup of the pause before."""
    manifest = subscriptions(tmp_path / "s.csv", ROWS)
    folder = tmp_path / "runs" / "it"
    assert run(command(manifest, server.url, "--run-id", "it", "--max-requests", "40")) == 5
    shutil.copy(folder / "ledger.db", tmp_path / "backup.db")
    assert regen("resume", "it", "--max-requests", "60").code == 5
    shutil.copy(tmp_path / "backup.db", folder / "ledger.db")
    refused = regen("resume", "it")
    assert refused.code == 2
    assert "run.json: 100 attempts; ledger.db: 40" in refused.err
    assert regen("resume", "it", "--accept-incomplete-ledger").code == 0
    prove(manifest, server, ROWS)


def test_after_23_hours_what_may_have_been_sent_is_unknown(tmp_path, server, regen, clock):
    folder = killed(tmp_path, server.url)
    lose_wal(folder)
    done = server.arrivals()
    with closing(sqlite3.connect(folder / "ledger.db")) as ledger:
        (settled,) = ledger.execute("SELECT count(*) FROM outcome").fetchone()
    clock.forward(hours=24)
    assert regen("resume", "it", "--accept-incomplete-ledger", "--max-failures", "999").code == 3
    assert server.arrivals() == done
    states = [row["regen_state"] for row in table(folder)]
    assert states.count("unknown") == ROWS - settled
    assert states.count("succeeded") == settled


def test_the_rest_of_the_day_counts_from_the_last_that_the_ledger_knows(tmp_path, server, regen):
    folder = killed(tmp_path, server.url)
    lose_wal(folder)
    with open_read_only(folder / "ledger.db") as store:
        before = {
            request: [attempt["claimed_at"] for attempt in queries.attempts(store, request)]
            for request in range(1, ROWS + 1)
        }
        facts = store.facts()
    times = [at for several in before.values() for at in several]
    assert regen("resume", "it", "--accept-incomplete-ledger", "--max-requests", "1").code == 5
    with open_read_only(folder / "ledger.db") as store:
        assumed = {
            attempt["claimed_at"]
            for request in before
            for attempt in queries.attempts(store, request)
            if (attempt["message"] or "").startswith("assumed:")
        }
    if times:
        assert len(assumed) == 1 and assumed.pop() >= max(times)
    else:
        assert assumed and facts.started_at is None


def test_abandoned_it_stays_on_record(tmp_path, server, regen):
    folder = killed(tmp_path, server.url)
    lose_wal(folder)
    assert regen("abandon", "it").code == 0
    assert failing(folder) == {}
    (ending,) = [check for check in verify(RunFolder(folder)) if check.name == "ending"]
    assert "incomplete ledger" in "".join(ending.notes)
