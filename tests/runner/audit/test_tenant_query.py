"""`regen reconcile --query`: what the tenant itself says of a run's ids and of its unknown rows."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

import pytest

from runner.audit import unknown_rows
from runner.zuora.data_query import parts

RULES = {"A-LOST": "lost-answer", "A-NEVER": "drop-before"}
CONFIG = "default_profile = 'p'\n[profile.p.patience]\nattempts = 2\nbase_seconds = 0.01\n"


@pytest.fixture
def manifest(tmp_path) -> Path:
    """Subscriptions and invoices; one whose answers are lost, one that never arrives."""
    (tmp_path / "regen.toml").write_text(CONFIG)
    rows = ["subscriptionName,subscriptionVersion,invoiceNumber", *(f"A-S{n:03d},1," for n in range(20))]
    rows += ["A-LOST,1,", "A-NEVER,1,", *(f",,INV{n:03d}" for n in range(20))]
    path = tmp_path / "m.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def rows_of(done_out: str, name: str) -> list[dict[str, str]]:
    (path,) = [Path(line) for line in done_out.splitlines() if line.endswith(name) and " " not in line]
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def checks(document: dict) -> dict[str, int]:
    return {check["promise"].rpartition("/")[2]: check["count"] for check in document["checks"]}


def test_the_tenant_has_what_the_run_made(tmp_path, regen, simulator, manifest, monkeypatch):
    """Every id is there; unknown rows are annotated, and stay unknown."""
    monkeypatch.setattr(unknown_rows, "SETTLED_SECONDS", 0)
    with simulator(fault_rules=RULES, fault_arrivals=99, job_seconds=0) as server:
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "it").code == 3
        done = regen("reconcile", "it", "--query")
        effects = server.by_key()
    assert done.code == 0, done.out
    annotated = rows_of(done.out, "reconcile-unknown.csv")
    lost, never = annotated
    assert (lost["object"], lost["outcome"], lost["answer"]) == ("Subscription A-LOST v1", "unknown", "done")
    assert lost["ids"].split() in effects.values()
    assert (never["object"], never["answer"], never["ids"]) == ("Subscription A-NEVER v1", "not done", "")
    assert rows_of(done.out, "reconcile-BookingTransaction-missing.csv") == []
    assert rows_of(done.out, "reconcile-BillingTransaction-missing.csv") == []
    # what the lost request made is there, and no request of the run is known to have made it
    extra = {row["transaction_id"] for row in rows_of(done.out, "reconcile-BookingTransaction-extra.csv")}
    assert extra == set()
    assert regen("show", "it", "--json").document["counts"]["unknown"] == 2
    shown = regen("show", "it", "--row", lost["regen_line"]).out
    assert ": unknown\n" in shown
    assert f"according to the tenant: done, ids {lost['ids']}: transactions of this object" in shown
    assert "not done: no transaction" in regen("show", "it", "--row", never["regen_line"]).out
    assert regen("show", "it", "--row", 1, "--json").document["tenant_says"] is None
    assert "the tenant's answers about unknown rows: 1 done, 1 not done" in regen("show", "it").out
    assert regen("verify", "it").code == 0


def test_an_object_that_two_steps_left_unknown(tmp_path, regen, simulator, manifest, monkeypatch):
    """Each of its rows is told of; which of them did the work cannot be told."""
    monkeypatch.setattr(unknown_rows, "SETTLED_SECONDS", 0)
    step = '[[step]]\ndo = "regenerate"\nmanifests = ["m.csv"]\non_failure = "continue"\n'
    (tmp_path / "p.toml").write_text(f"{step}{step}re_migrate = true\n")
    with simulator(fault_rules=RULES, fault_arrivals=99, job_seconds=0) as server:
        assert regen("run", "p.toml", "--base-url", server.url, "--run-id", "it").code == 3
        annotated = rows_of(regen("reconcile", "it", "--query").out, "reconcile-unknown.csv")
    assert [(row["object"], row["answer"]) for row in annotated] == [
        ("Subscription A-LOST v1", "cannot tell"),
        ("Subscription A-NEVER v1", "not done"),
        ("Subscription A-LOST v1", "cannot tell"),
        ("Subscription A-NEVER v1", "not done"),
    ]


def test_an_id_that_the_tenant_does_not_have(tmp_path, regen, simulator, manifest):
    """It is missing, also when it is asked for by itself."""
    with simulator(job_seconds=0) as server:
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "it").code == 0
        ledger = sqlite3.connect(tmp_path / "runs/it/ledger.db")
        ledger.execute("UPDATE outcome SET ids = '[\"nowhere\"]' WHERE request = 3")
        ledger.commit()
        ledger.close()
        done = regen("reconcile", "it", "--query")
    assert done.code == 3
    ids = rows_of(done.out, "reconcile-BookingTransaction-missing-ids.csv")
    assert ids == [{"transaction_id": "nowhere", "regen_line": "3"}]
    (row,) = rows_of(done.out, "reconcile-BookingTransaction-missing.csv")
    assert (row["subscriptionName"], row["regen_line"], row["regen_mode"]) == ("A-S002", "3", "default")
    assert "send them again: regen run --profile p --base-url" in done.out


def test_ids_that_were_updated_at_another_time_exist_all_the_same(tmp_path, regen, simulator, manifest, monkeypatch):
    """They are asked for by id, some at a time, and noted as older than the run."""
    monkeypatch.setattr(parts, "TEXTS_A_QUERY", 7)
    with simulator(job_seconds=0) as server:
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "it").code == 0
        ledger = sqlite3.connect(tmp_path / "runs/it/ledger.db")
        ledger.execute(
            "UPDATE attempt SET claimed_at = claimed_at + 7200000000, answered_at = answered_at + 7200000000"
        )
        ledger.commit()
        ledger.close()
        done = regen("reconcile", "it", "--query", "--json")
    counts = {
        check["name"]: check["count"] for check in done.document["checks"] if check["name"] in ("missing", "extra")
    }
    assert counts == {"missing": 0, "extra": 0}
    assert any(
        "were last updated before the run" in note for check in done.document["checks"] for note in check["notes"]
    )


def test_work_that_may_still_be_going_on_is_not_reported_as_undone(tmp_path, regen, simulator, manifest):
    """Nothing there yet, a moment after the last attempt: that is not certain."""
    with simulator(fault_rules=RULES, fault_arrivals=99, job_seconds=0) as server:
        regen("run", manifest, "--base-url", server.url, "--run-id", "it")
        done = regen("reconcile", "it", "--query")
    assert [row["answer"] for row in rows_of(done.out, "reconcile-unknown.csv")] == ["done", "cannot tell"]


def test_a_query_that_fails_or_a_tenant_that_is_out_of_order(tmp_path, regen, simulator, manifest, monkeypatch):
    """A sentence and exit 1, after some patience."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    with simulator(job_seconds=0) as server:
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "it").code == 0
    monkeypatch.setattr("asyncio.sleep", sleep)
    done = regen("reconcile", "it", "--query")
    assert done.code == 1
    assert "does not answer data queries" in done.err
    assert len(waits) >= 5
