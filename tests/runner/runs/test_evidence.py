"""No invocation covers up what was changed before it: seal and last closing are verified before they are opened."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from runner.audit.verify import verify
from runner.domain.errors import LedgerUnusable
from runner.ledger import Store
from runner.runs.folder import RunFolder
from tests.flows.test_flows import subscriptions

TAMPERINGS = {
    "a forged attempt": "INSERT INTO attempt (request, number, generation, claimed_at) VALUES (1, 99, 0, 1)",
    "an answer changed": "UPDATE attempt SET http_status = 200, message = 'forged' WHERE request = 2",
    "an event deleted": "DELETE FROM event",
    "an event added": "INSERT INTO event (at, name, facts) VALUES (1, 'paused', '{}')",
    "an outcome changed": "UPDATE outcome SET message = 'forged' WHERE seq = 1",
    "an outcome deleted": "DELETE FROM outcome WHERE seq = (SELECT max(seq) FROM outcome)",
    "a state changed": "UPDATE request SET state = 'succeeded' WHERE state = 'pending'",
    "a settled row pending again": "UPDATE request SET state = 'pending', outcome = NULL WHERE request = 1",
    "a body changed": "UPDATE request SET body = '{}' WHERE request = 4",
    "a row changed": "UPDATE line SET cells = '[]' WHERE line = 4",
    "a row removed": "DELETE FROM line WHERE line = 5",
    "a fact changed": "UPDATE fact SET value = '\"2020-01-01T00:00:00Z\"' WHERE name = 'planned_at'",
    "a breach denied": "UPDATE fact SET value = '[]' WHERE name = 'breaches'",
    "a closing removed": "DELETE FROM closing",
    "a closing changed": "UPDATE closing SET at = 1",
    "digests removed": "DELETE FROM digest",
    "said to be running": "UPDATE fact SET value = '\"running\"' WHERE name = 'status'",
}


@pytest.fixture
def paused(tmp_path, regen, simulator):
    """A run of five rows that was paused after three, and its tenant."""
    manifest = subscriptions(tmp_path / "m.csv", 5)
    with simulator() as server:
        base = ("--base-url", server.url, "--run-id", "it")
        assert regen("run", manifest, *base, "--max-requests", 3).code == 5
        yield tmp_path / "runs" / "it", server


def tampered(run: Path, sql: str) -> None:
    with closing(sqlite3.connect(run / "ledger.db")) as ledger, ledger:
        ledger.execute(sql)


def content(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}


def failing(run: Path) -> dict[str, tuple[str, ...]]:
    return {check.name: check.failures for check in verify(RunFolder(run)) if not check.passed}


@pytest.mark.parametrize("sql", TAMPERINGS.values(), ids=TAMPERINGS.keys())
@pytest.mark.parametrize("resealed", [False, True], ids=["", "sealed anew"])
def test_a_changed_ledger_is_not_resumed_and_nothing_is_touched(paused, regen, sql, resealed):
    run, server = paused
    before = content(run)["ledger.db"]
    tampered(run, sql)
    if content(run)["ledger.db"] == before:
        pytest.skip("the statement changes nothing in this run")
    if resealed:
        RunFolder(run).seal()
    failed_before, left, arrivals = failing(run), content(run), server.arrivals()
    refused = regen("resume", "it")
    assert (refused.code, server.arrivals()) == (2, arrivals)
    assert "was changed since the run ended; nothing was sent or written" in refused.err
    assert "restore runs/it from a copy" in refused.err
    assert content(run) == left
    assert failing(run) == failed_before != {}


@pytest.mark.parametrize("name", ["results.csv", "report.html", "run.json", "errors.csv"])
@pytest.mark.parametrize("how", ["changed", "missing"])
def test_a_changed_view_is_made_again_and_the_change_stays_on_record(paused, regen, name, how):
    run, server = paused
    if how == "missing":
        (run / name).unlink()
    else:
        with (run / name).open("ab") as file:
            file.write(b"\n")
    assert regen("resume", "it").code == 0
    assert server.arrivals() == 5
    assert failing(run) == {}
    (ending,) = [check for check in verify(RunFolder(run)) if check.name == "ending"]
    assert f"files: {name}: {how}" in ending.notes[0]


def test_bytes_without_meaning_do_not_stop_a_run(paused, regen):
    """A tool that opened the ledger wrote its header; the content is that of the sealed head."""
    run, _ = paused
    tampered(run, "PRAGMA user_version = 1")
    with closing(sqlite3.connect(run / "ledger.db")) as ledger:
        ledger.execute("VACUUM")
    assert "seal" in failing(run)
    assert regen("resume", "it").code == 0
    assert failing(run) == {}


@pytest.mark.parametrize("missing", ["credentials", "folder"])
def test_a_refused_resume_leaves_the_seal(paused, regen, monkeypatch, missing):
    run, _ = paused
    left = content(run)
    if missing == "credentials":
        monkeypatch.delenv("ZUORA_CLIENT_SECRET")
    else:
        monkeypatch.setenv("ZUORA_CLIENT_ID", "another-tenant")
    assert regen("resume", "it").code == 2
    assert content(run) == left
    assert failing(run) == {}


def test_a_run_that_says_it_runs_and_is_held_by_nobody_does_not_verify(paused, regen):
    """Whoever changes a status may change the rest."""
    run, _ = paused
    (run / "SHA256SUMS").unlink()
    tampered(run, TAMPERINGS["said to be running"])
    assert "no process holds it" in failing(run)["ending"][0]
    with RunFolder(run).lock():
        assert "ending" not in failing(run)


@pytest.mark.parametrize("status", ["planned", "refused"])
def test_a_run_that_has_ended_cannot_be_a_plan_again(paused, regen, status):
    run, _ = paused
    (run / "SHA256SUMS").unlink()
    tampered(run, f"UPDATE fact SET value = '\"{status}\"' WHERE name = 'status'")
    assert "its status was changed" in failing(run)["ending"][0]


def test_a_file_that_is_not_sound_is_not_sent_from_after_an_unclean_stop(paused, regen, monkeypatch):
    """What a killed process left is looked over by SQLite before anything is sent from it."""
    run, server = paused
    (run / "SHA256SUMS").unlink()
    tampered(run, TAMPERINGS["said to be running"])
    checked = []

    def unsound(store):
        checked.append(store.path.name)
        raise LedgerUnusable("the ledger is damaged")

    monkeypatch.setattr(Store, "check", unsound)
    arrivals = server.arrivals()
    assert regen("resume", "it").code == 1
    assert (checked, server.arrivals()) == (["ledger.db"], arrivals)
