"""Whole runs against the simulator: what is told is what the server did."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

from runner.runs.folder import RunFolder
from tests.harness.forks import ended
from tests.harness.program import csv_rows, folders, table


def subscriptions(path: Path, count: int, missing: int = 0) -> Path:
    """A manifest of so many subscriptions, the first `missing` of them unknown to the tenant."""
    rows = [(f"{'MISSING' if n < missing else 'A'}-S{n:06d}", 1, f"note {n}") for n in range(count)]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("Subscription Name", "Subscription Version", "Note"), *rows])
    return path


def invoices(path: Path, count: int) -> Path:
    path.write_text("invoiceNumber\n" + "".join(f"{n:06d}\n" for n in range(count)))
    return path


def one(runs: Path) -> Path:
    (folder,) = folders(runs)
    return folder


def test_every_row_is_reported_as_the_server_did_it(tmp_path, regen, simulator):
    """600 rows over both operations: every id list, key, original column and the order; then nothing more."""
    manifests = [subscriptions(tmp_path / "s.csv", 300), invoices(tmp_path / "i.csv", 300)]
    with simulator() as server:
        done = regen("run", *manifests, "--base-url", server.url, "--re-migrate", "--json")
        effects = server.by_key()
        assert done.code == 0
        assert done.document["counts"]["succeeded"] == 600
        again = regen("run", *manifests, "--base-url", server.url, "--re-migrate")
        assert (again.code, server.arrivals()) == (0, 600)
        assert "nothing was sent" in again.out
        assert "--again" in again.out
        queries = {json.dumps(one["body"], sort_keys=True): one["query"] for one in server.regenerations()}
    rows = table(one(tmp_path / "runs"))
    assert [row["regen_line"] for row in rows] == list(range(1, 601))
    for row in rows:
        assert effects[row["regen_key"]] == row["regen_id_list"]
    assert [row["Note"] for row in rows[:300]] == [f"note {n}" for n in range(300)]
    assert [row["invoiceNumber"] for row in rows[300:]] == [f"{n:06d}" for n in range(300)]
    assert {row["regen_operation"] for row in rows[300:]} == {"billing-transaction"}
    assert json.dumps({"number": "000017", "type": "Invoice"}) in queries
    assert all(query == {"reMigrate": "true"} for query in queries.values())


FAULTS = {"locking": 0.05, "internal": 0.03, "temporary": 0.02, "500": 0.03, "503": 0.03, "429": 0.03}


def test_failures_are_reported_with_their_reason_and_the_rest_gets_through(tmp_path, regen, simulator):
    """1,000 rows, 47 unknown objects among all kinds of trouble; no retry that only replays a saved failure."""
    manifest = subscriptions(tmp_path / "s.csv", 1000, missing=47)
    with simulator(faults=FAULTS, seed=3, retry_after=0) as server:
        done = regen("run", manifest, "--base-url", server.url, "--json")
        effects, seen = server.by_key(), server.regenerations()
    counts = done.document["counts"]
    assert (done.code, counts["succeeded"], counts["failed"]) == (3, 953, 47)
    rows = table(one(tmp_path / "runs"))
    failed = [row for row in rows if row["regen_state"] == "failed"]
    assert {row["regen_error_category"] for row in failed} == {"not-found"}
    assert all(row["Subscription Name"].startswith("MISSING") for row in failed)
    assert all(effects[row["regen_key"]] == row["regen_id_list"] for row in rows if row not in failed)
    assert all(len(identity["effects"]) <= 1 for identity in seen)
    assert sum(identity["arrivals"] for identity in seen) > 1100
    assert len(csv_rows(one(tmp_path / "runs") / "errors.csv")) == 47


LIES = {
    "lost-answer": 0.04,
    "drop-before": 0.04,
    "torn-body": 0.03,
    "torn-gzip": 0.03,
    "not-json": 0.03,
    "html-200": 0.03,
    "success-missing": 0.03,
    "idlist-missing": 0.03,
    "idlist-not-list": 0.03,
    "500-worked": 0.03,
    "502-worked": 0.03,
    "504": 0.03,
    "token-expired": 0.03,
    "cut-works-on": 0.02,
    "503-works-on": 0.02,
}


@pytest.mark.parametrize("dialect", ["same", "409", "mixed"])
def test_lies_and_silence_end_in_one_effect_each(tmp_path, regen, simulator, dialect):
    """Whatever happens to the answer, the work is done once and told with its ids."""
    manifest = subscriptions(tmp_path / "s.csv", 400)
    with simulator(faults=LIES, seed=11, retry_after=0, work_seconds=0.2, replay_dialect=dialect) as server:
        done = regen("run", manifest, "--base-url", server.url, "--json")
        effects, seen = server.by_key(), server.regenerations()
    assert done.code == 0, done.document["counts"]
    assert [len(identity["effects"]) for identity in seen] == [1] * 400
    rows = table(one(tmp_path / "runs"))
    assert all(effects[row["regen_key"]] == row["regen_id_list"] for row in rows)
    assert {row["regen_generation"] for row in rows} == {0}


def test_a_huge_body_is_capped_and_a_broken_answer_is_kept(tmp_path, regen, simulator):
    """32 MB of anything is silence; the first 2 kB of what was unexpected are there for the person who looks."""
    manifest = subscriptions(tmp_path / "s.csv", 2)
    with simulator(faults={"huge-body": 1.0}, fault_arrivals=1) as server:
        assert regen("run", manifest, "--base-url", server.url).code == 0
        story = regen("show", one(tmp_path / "runs").name, "--row", 1, "--json").document
    assert [attempt["reason"] for attempt in story["attempts"]] == ["silence", "done"]
    assert 0 < len(story["attempts"][0]["snippet"]) <= 2048


def test_the_manifest_may_be_gone_by_then(tmp_path, regen, simulator):
    """Resume and results work from the run folder alone."""
    manifest = subscriptions(tmp_path / "s.csv", 50)
    with simulator() as server:
        assert regen("run", manifest, "--base-url", server.url, "--max-requests", 20).code == 5
        manifest.unlink()
        folder = one(tmp_path / "runs")
        assert regen("resume", folder.name).code == 0
        assert server.arrivals() == 50
    assert [row["Note"] for row in table(folder)] == [f"note {n}" for n in range(50)]
    before = (folder / "results.csv").read_bytes()
    done = regen("results", folder.name, "--format", "csv")
    assert done.code == 0
    (again,) = (folder / "after").glob("*/results.csv")
    assert again.read_bytes() == before


def test_mended_rows_are_sent_again_from_errors_csv(tmp_path, regen, simulator):
    """The errors file is a manifest; a new run has new keys."""
    manifest = subscriptions(tmp_path / "s.csv", 10, missing=2)
    with simulator() as server:
        assert regen("run", manifest, "--base-url", server.url).code == 3
        errors = one(tmp_path / "runs") / "errors.csv"
        text = errors.read_text().replace("MISSING-", "A-FOUND-")
        fixed = tmp_path / "fixed.csv"
        fixed.write_text(text)
        done = regen("run", fixed, "--base-url", server.url, "--json")
        assert (done.code, done.document["counts"]["succeeded"]) == (0, 2)


def test_production_asks(tmp_path, regen):
    """Without a terminal it refuses, before anything is sent."""
    manifest = subscriptions(tmp_path / "a.csv", 1)
    refused = regen("run", manifest, "--base-url", "https://rest.zuora.com")
    assert refused.code == 2
    assert "--yes" in refused.err


def test_two_commands_at_the_same_moment_are_one_run(tmp_path, regen, simulator):
    """The slower one looked before the faster one had begun, and finds it finished once it holds the run."""
    manifest, runs = subscriptions(tmp_path / "a.csv", 3), tmp_path / "runs"
    with simulator() as server, pytest.MonkeyPatch.context() as patch:
        words = ["run", str(manifest), "--base-url", server.url, "--runs-dir", str(runs)]

        def overtaken(self: RunFolder) -> None:
            patch.undo()
            assert ended(words, os.environ)[0] == 0
            self.make()

        patch.setattr(RunFolder, "make", overtaken)
        slower = regen(*words)
        assert (slower.code, "--again" in slower.out) == (0, True)
        assert server.arrivals() == 3
    assert len(folders(runs)) == 1


def test_a_tenants_own_headers_set_the_pace(tmp_path, regen, simulator):
    """Behind a tenant that allows 8 at once, the run settles there and says so."""
    manifest = subscriptions(tmp_path / "a.csv", 400)
    with simulator(concurrency=8, latency=0.01, retry_after=0) as server:
        assert regen("run", manifest, "--base-url", server.url).code == 0
        stats = server.get("stats")
    assert stats["byStatus"].get("429", 0) < 0.05 * 400
    assert "are left to others" in (one(tmp_path / "runs") / "run.log").read_text()


def test_who_follows_the_advice_fixes_the_rows_and_leaves_the_evidence_whole(tmp_path, regen, simulator):
    """The errors are fixed in a copy; the run that had them still verifies."""
    manifest = subscriptions(tmp_path / "s.csv", 3, missing=1)
    with simulator() as server:
        done = regen("run", manifest, "--base-url", server.url, "--re-migrate")
        (advice,) = [line for line in done.out.splitlines() if "fix the rows in a copy" in line]
        command = re.search(r": cp (\S+) (\S+), then: regen (.*)$", advice)
        assert command is not None
        fixed = Path(shutil.copy(command[1], command[2]))
        fixed.write_text(fixed.read_text().replace("MISSING-", "A-"))
        assert regen(*command[3].split(), "--base-url", server.url, "--quiet").code == 0
        assert all(one["query"] == {"reMigrate": "true"} for one in server.regenerations())
    run = next(path for path in folders(tmp_path / "runs") if "-s-" in path.name)
    assert regen("verify", run.name).code == 0


def test_commands_name_a_run_where_it_is(tmp_path, regen, simulator):
    """Where it is not in `runs`, by its folder: the printed command works."""
    manifest = subscriptions(tmp_path / "s.csv", 2)
    with simulator() as server:
        planned = regen("plan", manifest, "--base-url", server.url, "--runs-dir", "other runs")
        command = re.search("send it: regen (.*)", planned.out)[1]
        assert regen(*shlex.split(command)).code == 0
