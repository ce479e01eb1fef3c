"""Whole runs against the simulator: what is told is what the server did."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from runner.ledger import Enrolment
from runner.runs.folder import RunFolder
from tests import ROOT
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


def test_the_run_folder_is_complete_and_sealed(tmp_path, regen, simulator):
    """Modes, files, run.json without secrets, checksums that any tool verifies."""
    manifest = subscriptions(tmp_path / "s.csv", 5)
    with simulator() as server:
        regen("run", manifest, "--base-url", server.url)
    folder = one(tmp_path / "runs")
    assert folder.stat().st_mode & 0o777 == 0o700
    names = {path.name for path in folder.iterdir()}
    assert {"run.json", "ledger.db", "results.parquet", "results.csv", "errors.csv", "run.log", "SHA256SUMS"} <= names
    assert not {name for name in names if name.endswith(("-wal", "-shm")) or name.startswith(".")}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir() if path.is_file())
    assert subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, check=False).returncode == 0
    document = json.loads((folder / "run.json").read_text())
    (recorded,) = document["steps"][0]["manifests"]
    assert recorded["sha256"] == hashlib.sha256(manifest.read_bytes()).hexdigest()
    assert (recorded["rows"], recorded["bytes"]) == (5, manifest.stat().st_size)
    assert document["exit_code"] == 0
    for path in folder.iterdir():
        assert b"test-secret" not in path.read_bytes()
    for line in (folder / "run.log").read_text().splitlines():
        assert {"at", "event"} <= json.loads(line).keys()


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


def test_plan_sends_nothing_and_run_adopts_it(tmp_path, regen, simulator):
    """What is sent then is exactly what was planned."""
    manifest = subscriptions(tmp_path / "s.csv", 7)
    with simulator() as server:
        planned = regen("plan", manifest, "--base-url", server.url)
        assert (planned.code, server.identities()) == (0, [])
        assert "7 rows = 7 pending" in planned.out
        assert "POST" in planned.out
        assert regen("run", manifest, "--base-url", server.url).code == 0
    assert len(folders(tmp_path / "runs")) == 1


def test_a_refused_manifest_names_every_problem_and_sends_nothing(tmp_path, regen, simulator):
    """errors.csv lists them; --skip-rejected sends the rest; a refusal blocks nothing."""
    manifest = tmp_path / "m.csv"
    manifest.write_text("subscriptionName,subscriptionVersion\nA-1,1\nA-2,one\nA-3,\nA-4,1.5\n")
    with simulator() as server:
        refused = regen("run", manifest, "--base-url", server.url)
        assert (refused.code, server.identities()) == (2, [])
        assert "m.csv, 2 rows (3, 5): subscription-version-not-an-integer" in refused.err
        folder = one(tmp_path / "runs")
        assert len(csv_rows(folder / "errors.csv")) == 3
        sent = regen("run", manifest, "--base-url", server.url, "--skip-rejected", "--json")
        assert (sent.code, server.arrivals()) == (3, 1)
    assert Counter(row["regen_state"] for row in table(folder)) == {"succeeded": 1, "rejected": 3}


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


def test_unknown_rows_are_refused_as_a_manifest_and_repeated_by_resume(tmp_path, regen, simulator):
    """A new run is a new key, and the work may have been done; resume asks under the same key."""
    manifest = subscriptions(tmp_path / "s.csv", 3)
    config = tmp_path / "regen.toml"
    config.write_text("default_profile = 'p'\n[profile.p.patience]\nattempts = 1\nbase_seconds = 0.01\n")
    with simulator(faults={"lost-answer": 1.0}, fault_arrivals=1) as server:
        assert regen("run", manifest, "--base-url", server.url).code == 3
        folder = one(tmp_path / "runs")
        assert {row["regen_state"] for row in table(folder)} == {"unknown"}
        refused = regen("run", folder / "errors.csv", "--base-url", server.url)
        assert refused.code == 2
        assert "resume" in refused.err
        assert regen("resume", folder.name).code == 0
        assert [len(identity["effects"]) for identity in server.regenerations()] == [1, 1, 1]
    assert {row["regen_state"] for row in table(folder)} == {"succeeded"}
    assert "seal-opened" in (folder / "run.log").read_text()


class TestRunIds:
    """The same command is the same run; nothing is sent twice by mistake."""

    def test_an_id_with_other_inputs_is_refused(self, tmp_path, regen, simulator):
        first, second = subscriptions(tmp_path / "a.csv", 3), subscriptions(tmp_path / "b.csv", 4)
        with simulator() as server:
            base = ("--base-url", server.url, "--run-id", "nightly")
            assert regen("plan", first, *base).code == 0
            assert regen("plan", second, *base).code == 0, "nothing was ever sent from it: planned anew"
            assert regen("run", second, *base).code == 0
            refused = regen("run", first, *base)
            assert (refused.code, server.arrivals()) == (2, 4)
            assert "other manifests" in refused.err
            refused = regen("run", second, *base, "--only-resend")
            assert "other steps" in refused.err

    def test_an_explicit_id_that_finished_on_an_earlier_day_is_refused(self, tmp_path, regen, simulator):
        manifest = subscriptions(tmp_path / "a.csv", 1)
        with simulator() as server:
            base = ("--base-url", server.url, "--run-id", "nightly")
            assert regen("run", manifest, *base).code == 0
            assert regen("run", manifest, *base).code == 0
            from runner.ledger import open_writable

            with open_writable(tmp_path / "runs/nightly/ledger.db") as store:
                store.set_facts(started_at="2020-01-01T00:00:00Z")
            refused = regen("run", manifest, *base)
            assert (refused.code, server.arrivals()) == (2, 1)
            assert "nothing for ever" in refused.err

    def test_an_unfinished_run_of_the_same_manifests_is_named(self, tmp_path, regen, simulator):
        manifest = subscriptions(tmp_path / "a.csv", 10)
        with simulator() as server:
            base = ("--base-url", server.url)
            assert regen("run", manifest, *base, "--max-requests", 4).code == 5
            unfinished = one(tmp_path / "runs").name
            refused = regen("run", manifest, *base, "--run-id", "other")
            assert (refused.code, server.arrivals()) == (2, 4)
            assert unfinished in refused.err
            done = regen("run", manifest, *base, "--run-id", "other", "--if-unfinished", "resume")
            assert (done.code, server.arrivals()) == (0, 10)
            assert regen("run", manifest, *base, "--run-id", "other").code == 0
            assert server.arrivals() == 20

    def test_an_abandoned_run_blocks_nothing_and_does_not_go_on(self, tmp_path, regen, simulator):
        manifest = subscriptions(tmp_path / "a.csv", 10)
        with simulator() as server:
            base = ("--base-url", server.url)
            regen("run", manifest, *base, "--max-requests", 4)
            unfinished = one(tmp_path / "runs").name
            assert regen("abandon", unfinished).code == 0
            assert regen("resume", unfinished).code == 2
            assert regen("run", manifest, *base, "--run-id", "other").code == 0
            listed = {run["run"]: run["status"] for run in regen("runs", "--json").document}
        assert listed == {unfinished: "abandoned", "other": "finished"}

    def test_again_makes_a_new_run(self, tmp_path, regen, simulator):
        manifest = subscriptions(tmp_path / "a.csv", 2)
        with simulator() as server:
            for sent in (2, 4, 6):
                assert regen("run", manifest, "--base-url", server.url, "--again").code == 0
                assert server.arrivals() == sent
        names = [folder.name for folder in folders(tmp_path / "runs")]
        assert names[1:] == [f"{names[0]}-2", f"{names[0]}-3"]

    @pytest.mark.parametrize("run", ["../x", ".x", "a/b", "x" * 81, "a b", ""])
    def test_ids_cannot_leave_the_runs_folder(self, tmp_path, regen, run):
        manifest = subscriptions(tmp_path / "a.csv", 1)
        assert regen("run", manifest, "--base-url", "http://127.0.0.1:1", "--run-id", run).code == 2

    def test_other_credentials_are_another_tenant(self, tmp_path, regen, simulator, monkeypatch):
        manifest = subscriptions(tmp_path / "a.csv", 5)
        with simulator() as server:
            regen("run", manifest, "--base-url", server.url, "--max-requests", 2)
            monkeypatch.setenv("ZUORA_CLIENT_ID", "another")
            refused = regen("resume", one(tmp_path / "runs").name)
            assert (refused.code, server.arrivals()) == (2, 2)
            assert "another tenant" in refused.err


def test_another_machine_needs_a_word(tmp_path, regen, simulator):
    """A run folder that was copied could be resumed twice."""
    manifest = subscriptions(tmp_path / "a.csv", 5)
    with simulator() as server:
        regen("run", manifest, "--base-url", server.url, "--max-requests", 2)
        folder = one(tmp_path / "runs")
        moved = tmp_path / "elsewhere" / folder.name
        moved.parent.mkdir()
        folder.rename(moved)
        refused = regen("resume", moved)
        assert refused.code == 2
        assert "--moved" in refused.err
        assert regen("resume", moved, "--moved").code == 0


def test_production_asks(tmp_path, regen):
    """Without a terminal it refuses, before anything is sent."""
    manifest = subscriptions(tmp_path / "a.csv", 1)
    refused = regen("run", manifest, "--base-url", "https://rest.zuora.com")
    assert refused.code == 2
    assert "--yes" in refused.err


def test_both_flags_are_refused(tmp_path, regen):
    """Zuora does not allow onlyReSend with reMigrate."""
    manifest = subscriptions(tmp_path / "a.csv", 1)
    assert regen("plan", manifest, "--base-url", "http://127.0.0.1:1", "--only-resend", "--re-migrate").code == 2


BROKEN = {
    "empty": b"",
    "header only": b"invoiceNumber\n",
    "duplicate header": b"invoiceNumber,note,note\nINV1,a,b\n",
    "ragged": b"invoiceNumber,note\nINV1,a\nINV2,b,c\n",
    "binary": bytes(range(256)) * 20,
    "wrong encoding": "invoiceNumber,note\nINV1,café\n".encode("latin-1"),
    "half a pair": b"subscriptionName,subscriptionVersion\nA-1,\n",
    "version 1.5": b"subscriptionName,subscriptionVersion\nA-1,1.5\n",
    "version 0": b"subscriptionName,subscriptionVersion\nA-1,0\n",
    "version one": b"subscriptionName,subscriptionVersion\nA-1,one\n",
    "unknown type": b"type,number\nInvoyce,INV1\n",
    "NUL in an identifier": b"invoiceNumber\nINV\x001\n",
    "no identifier": b"colour,size\nred,1\n",
    "truncated gzip": bytes.fromhex("1f8b0800000000000203cbccab") + b"\x00",
    "not really Parquet": b"invoiceNumber\nINV1\n",
    "quote left open": b'invoiceNumber,note\nINV1,"open\n',
    "id of what": b"id\n8ad0\n",
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_manifests_are_refused_in_words(tmp_path, regen, simulator, what):
    """Exit 2, the file named, nothing sent, no traceback."""
    suffix = {"truncated gzip": ".csv.gz", "not really Parquet": ".parquet"}.get(what, ".csv")
    manifest = tmp_path / f"broken{suffix}"
    manifest.write_bytes(BROKEN[what])
    with simulator() as server:
        refused = regen("run", manifest, "--base-url", server.url)
        assert (refused.code, server.identities()) == (2, [])
    assert manifest.name in refused.err


def test_templates(regen):
    """An empty manifest a type; a suggestion for a misspelt one."""
    assert "subscriptionName" in regen("template", "Subscription").out
    refused = regen("template", "Subscriptoin")
    assert (refused.code, "Subscription" in refused.err) == (2, True)


@pytest.mark.parametrize("until", ["25:00", "soon"])
def test_words_that_cannot_be(tmp_path, regen, until):
    """Usage errors are exit 2."""
    manifest = subscriptions(tmp_path / "a.csv", 1)
    assert regen("run", manifest, "--base-url", "http://127.0.0.1:1", "--until", until).code == 2
    assert regen("run", manifest, "--base-url", "http://127.0.0.1:1", "--max-failures", "many").code == 2
    assert regen("run", manifest, "--no-such-flag").code == 2
    assert regen("show", "no-such-run").code == 2


@pytest.mark.parametrize("runs", ["a.csv", "a.csv/deeper"])
def test_a_runs_folder_that_cannot_be(tmp_path, regen, runs):
    """It is named, with what to do."""
    manifest = subscriptions(tmp_path / "a.csv", 1)
    refused = regen("plan", manifest, "--base-url", "http://127.0.0.1:1", "--runs-dir", runs)
    assert refused.code == 2
    assert "choose another --runs-dir" in refused.err


@pytest.mark.parametrize(
    ("error", "message"), [(MemoryError(), "out of memory"), (OSError(28, "No space left"), "No space")]
)
def test_a_plan_that_the_machine_cannot_make(tmp_path, regen, monkeypatch, error, message):
    """A sentence, exit 1, and no folder."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Enrolment, "lines", fail)
    done = regen("plan", subscriptions(tmp_path / "a.csv", 1), "--base-url", "http://127.0.0.1:1")
    assert (done.code, message in done.err) == (1, True)
    assert folders(tmp_path / "runs") == []


def test_results_that_find_no_room_are_made_by_resume(tmp_path, regen, simulator):
    """Everything was answered, and is in the ledger; nothing is sent again."""
    manifest = subscriptions(tmp_path / "a.csv", 3)
    with simulator() as server, pytest.MonkeyPatch.context() as patch:

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device", "results.csv")

        patch.setattr("runner.results.writer.csv_table", full)
        done = regen("run", manifest, "--base-url", server.url, "--run-id", "r")
        assert (done.code, "results.csv: No space left" in done.err, "`regen resume r`" in done.err) == (1, True, True)
        assert not (tmp_path / "runs" / "r" / "SHA256SUMS").exists()
        patch.undo()
        assert regen("resume", "r").code == 0
        assert server.arrivals() == 3
    assert regen("verify", "r").code == 0


def test_two_commands_at_the_same_moment_are_one_run(tmp_path, regen, simulator):
    """The slower one looked before the faster one had begun, and finds it finished once it holds the run."""
    manifest, runs = subscriptions(tmp_path / "a.csv", 3), tmp_path / "runs"
    with simulator() as server, pytest.MonkeyPatch.context() as patch:
        words = ["run", str(manifest), "--base-url", server.url, "--runs-dir", str(runs)]

        def overtaken(self: RunFolder) -> None:
            patch.undo()
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            subprocess.run([sys.executable, "-m", "runner", *words], env=environment, check=True, capture_output=True)
            self.make()

        patch.setattr(RunFolder, "make", overtaken)
        slower = regen(*words)
        assert (slower.code, "--again" in slower.out) == (0, True)
        assert server.arrivals() == 3
    assert len(folders(runs)) == 1


def test_earlier_runs_of_the_tenant_use_up_the_days_quota(tmp_path, regen, simulator):
    """Read from their ledgers: the second run of the day has what the first one left; exit 5, resumable."""
    config = tmp_path / "regen.toml"
    first, second = subscriptions(tmp_path / "a.csv", 30), subscriptions(tmp_path / "b.csv", 31)
    with simulator() as server:
        config.write_text(
            f'default_profile = "p"\n[profile.p]\nbase_url = "{server.url}"\nquota_share = 1.0\n'
            "[profile.p.limits]\nminute = 60000\nhour = 60000\nday = 50\n"
        )
        assert regen("run", first).code == 0
        done = regen("run", second)
        assert (done.code, server.arrivals()) == (5, 50)
        assert "quota for the day is spent" in done.err


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


def test_a_plan_is_made_anew_for_other_wishes(tmp_path, regen, simulator):
    """Nothing was sent from it: what is said now counts, of rejected rows, formats and the file's place."""
    manifest = subscriptions(tmp_path / "s.csv", 2)
    manifest.write_text(manifest.read_text() + "A-S9,none,\n")
    copy = tmp_path / "elsewhere" / "s.csv"
    copy.parent.mkdir()
    shutil.copy(manifest, copy)
    with simulator() as server:
        base = ("--base-url", server.url)
        assert regen("plan", manifest, *base, "--skip-rejected", "--format", "csv").code == 0
        assert regen("run", manifest, *base).code == 2
        assert server.arrivals() == 0
        assert regen("plan", manifest, *base, "--skip-rejected", "--format", "csv").code == 0
        assert regen("run", copy, *base, "--skip-rejected").code == 3
    assert {row["regen_source"] for row in table(one(tmp_path / "runs"))} == {str(copy)}


def test_the_id_field_is_the_one_of_now(tmp_path, regen, simulator):
    """A plan that nothing was sent from follows the profile."""
    (tmp_path / "i.csv").write_text("invoiceId\nabc\n")
    with simulator() as server:
        base = ("--base-url", server.url, "--profile", "x")
        (tmp_path / "regen.toml").write_text("[profile.x]\n")
        assert '"id":"abc"' in regen("plan", "i.csv", *base).out
        (tmp_path / "regen.toml").write_text("[profile.x]\nbilling_id_field = 'documentId'\n")
        assert '"documentId":"abc"' in regen("plan", "i.csv", *base).out


def test_a_copied_folder_is_not_gone_on_with(tmp_path, regen, simulator):
    """Neither by `resume` nor by the same command: it could be sent from two places."""
    manifest = subscriptions(tmp_path / "s.csv", 4)
    with simulator() as server:
        base = ("--base-url", server.url)
        assert regen("run", manifest, *base, "--max-requests", 2).code == 5
        shutil.copytree(tmp_path / "runs", tmp_path / "copies")
        for words in (("run", manifest), ("run", manifest, "--again", "--if-unfinished", "resume")):
            refused = regen(*words, *base, "--runs-dir", "copies")
            assert (refused.code, "--moved" in refused.err, server.arrivals()) == (2, True, 2)
        assert regen("resume", one(tmp_path / "copies"), *base, "--runs-dir", "copies", "--moved").code == 0
        assert server.arrivals() == 4
        done = regen("run", manifest, *base, "--runs-dir", "copies")
        assert (done.code, "nothing was sent" in done.out) == (0, True)


def test_commands_name_a_run_where_it_is(tmp_path, regen, simulator):
    """Where it is not in `runs`, by its folder: the printed command works."""
    manifest = subscriptions(tmp_path / "s.csv", 2)
    with simulator() as server:
        planned = regen("plan", manifest, "--base-url", server.url, "--runs-dir", "other runs")
        command = re.search("send it: regen (.*)", planned.out)[1]
        assert regen(*shlex.split(command)).code == 0


def test_nothing_is_printed_but_what_is_meant(tmp_path, simulator):
    """No complaint of the loop about a task that nobody waited for."""
    subscriptions(tmp_path / "s.csv", 3)
    with simulator() as server:
        words = [sys.executable, "-m", "runner", "run", "s.csv", "--base-url", server.url, "--quiet"]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "ZUORA_CLIENT_ID": "i", "ZUORA_CLIENT_SECRET": "s"}
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
