"""`regen show`, `regen runs`, `regen results --category`: what a person reads who must act."""

from __future__ import annotations

import csv
import json
import re
import time
from pathlib import Path

import pytest

from runner.ledger import open_read_only, queries
from runner.ledger.queries import Trouble
from runner.results.failures import MOST_CLUSTERS, Remedy, clusters, remedy, shape
from runner.runs.folder import RunFolder
from runner.system.timestamps import duration
from runner.zuora.categories import CATEGORIES
from tests.harness.journeys import quick
from tests.harness.program import table


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("Subscription A-S00000017 version 3 not found", "Subscription # version # not found"),
        ("Invoice 2c92a0fd5f0b7e4b015f1c2d3e4f5a6b is locked.", "Invoice # is locked."),
        ("Field \"Effective Date\" is wrong; see 'x'", "Field '…' is wrong; see '…'"),
        ("HTTP 503", "HTTP 503"),
        ("at 2026-11-21T07:53:11.789Z", "at #"),
        ("connect: nobody listens", "connect: nobody listens"),
        ("", ""),
    ],
)
def test_the_shape_of_a_message_masks_ids_and_numbers(message, masked):
    """And leaves the words, so that equal failures look equal."""
    assert shape(message) == masked


def test_every_category_has_a_remedy():
    """Data, permission, wait or vendor; by HTTP status where there is no category."""
    remedies = {category: remedy("failed", category, 200) for category in CATEGORIES}
    assert {category for category, one in remedies.items() if one is Remedy.PERMISSION} == {"10", "11"}
    assert {category for category, one in remedies.items() if one is Remedy.WAIT} == {"50", "61", "70"}
    assert {category for category, one in remedies.items() if one is Remedy.VENDOR} == {"60", "99"}
    statuses = {status: remedy("failed", None, status) for status in (None, 400, 401, 403, 404, 429, 500, 503)}
    assert [one.value for one in statuses.values()] == [
        "wait",
        "data",
        "permission",
        "permission",
        "data",
        "wait",
        "vendor",
        "wait",
    ]
    assert remedy("rejected", None, None) is Remedy.DATA
    assert remedy("unknown", "60", 200) is Remedy.WAIT


def test_clusters_are_bounded():
    """A tenant that words every failure in its own way does not fill the memory."""
    words = ["".join(chr(97 + int(digit)) for digit in f"{n:05d}") for n in range(2000)]
    grouped = clusters(Trouble(n, "failed", "40", "53100340", word, 200) for n, word in enumerate(words, 1))
    assert len(grouped) == MOST_CLUSTERS + 1
    assert sum(cluster.count for cluster in grouped) == 2000


def test_failures_are_clustered_under_their_remedies(audited, regen):
    """With counts, sample rows and commands."""
    output = regen("show", "it").out
    assert "data, 3 rows" in output
    assert "2 failed, not-found: 53100340 Object not found (row 41, 44)" in output
    assert "1 rejected, subscription-version-not-an-integer" in output
    assert "regen results it --category data" in output
    assert "regen resume it" in output
    assert "regen show it --ticket" in output


def test_the_clusters_are_json_too(audited, regen):
    """And add up to the rows that need a person."""
    document = regen("show", "it", "--json").document
    counts = document["counts"]
    wrong = counts["failed"] + counts["unknown"] + counts["rejected"]
    assert sum(cluster["count"] for cluster in document["failures"]) == wrong
    assert {cluster["remedy"] for cluster in document["failures"]} == {"data", "wait", "vendor"}


def test_the_story_of_a_row_by_number_by_key_and_by_track_id(audited, regen):
    """Every attempt, every wait and its reason."""
    row = next(row for row in table(audited) if row["regen_object"] == "A-BROKEN v1")
    by_row = regen("show", "it", "--row", row["regen_line"]).out
    assert by_row == regen("show", "it", "--key", row["regen_key"]).out
    assert by_row == regen("show", "it", "--key", row["regen_track_id"]).out
    assert len(re.findall(r"(?m)^  attempt ", by_row)) == row["regen_attempts"]
    assert len(re.findall(r"(?m)^  waited ", by_row)) == row["regen_attempts"] - 1
    story = regen("show", "it", "--row", row["regen_line"], "--json").document
    assert all("waited_seconds" in attempt for attempt in story["attempts"][1:])
    assert story["cells"]["note"] == "=1+1"


def test_a_key_that_is_none_and_a_key_of_nobody(audited, regen):
    """Both are refused in words."""
    assert "is no key" in regen("show", "it", "--key", "regen1-x").err
    assert "no request" in regen("show", "it", "--key", f"regen1-{'0' * 40}-0").err


def test_a_ticket_holds_ids_and_no_data_of_the_customer(audited, regen):
    """For Zuora Support: times, request ids, process ids, track ids; no cell of any manifest."""
    shown = regen("show", "it", "--ticket")
    output = shown.out
    assert "read them before you send them" in shown.err
    broken = next(row for row in table(audited) if row["regen_object"] == "A-BROKEN v1")
    for name in ("regen_request_id", "regen_process_id", "regen_track_id", "regen_key"):
        assert broken[name] in output
    assert "Zuora-Request-Id" in output
    for row in table(audited):
        for name in ("subscriptionName", "note", "regen_object"):
            assert row[name] not in output


def test_a_ticket_masks_cells_in_messages(audited, regen):
    """Also words without a digit, where the row holds them."""
    import sqlite3

    ledger = sqlite3.connect(audited / "ledger.db")
    ledger.execute("UPDATE outcome SET message = 'ACME Corp: gone is locked' WHERE request = 46")
    ledger.execute('UPDATE line SET cells = \'["ACME Corp","1","gone"]\' WHERE line = 46')
    ledger.commit()
    ledger.close()
    for output in (regen("show", "it", "--ticket").out, regen("show", "it", "--ticket", "--row", 46).out):
        assert "#: # is locked" in output
        assert "ACME" not in output


def test_errors_by_remedy_are_manifests(audited, regen):
    """One file a remedy, beside the seal; together the errors but the unknown ones, which are asked by resume."""
    files = {}
    for mender in Remedy:
        path = Path(regen("results", "it", "--category", mender).out.strip())
        assert path.parent.parent.name == "after"
        assert path.name == f"errors-{mender}.csv"
        with path.open(newline="") as file:
            files[mender] = [int(row["regen_line"]) for row in csv.DictReader(file)]
    with (audited / "errors.csv").open(newline="") as file:
        every = {int(row["regen_line"]) for row in csv.DictReader(file) if row["regen_state"] != "unknown"}
    assert sorted(row for rows in files.values() for row in rows) == sorted(every)
    assert files[Remedy.DATA] == [41, 43, 44]
    assert files[Remedy.PERMISSION] == []
    assert regen("verify", "it").code == 0


class TestRuns:
    """The list of runs reads run.json, not ledgers."""

    def test_a_thousand_runs(self, tmp_path, audited, regen):
        """Newest first, without opening a ledger."""
        document = json.loads((audited / "run.json").read_bytes())
        for number in range(1000):
            folder = tmp_path / "runs" / f"run-{number:04d}"
            folder.mkdir()
            (folder / "ledger.db").write_bytes(b"no ledger")
            changed = document | {
                "run": folder.name,
                "started_at": f"2026-01-01T00:{number // 60:02d}:{number % 60:02d}Z",
            }
            (folder / "run.json").write_text(json.dumps(changed))
        before = time.process_time()
        listed = regen("runs", "--json").document
        print(f"a thousand runs: {time.process_time() - before:.2f} s")
        assert [run["run"] for run in listed[:3]] == ["it", "run-0999", "run-0998"]
        assert len(listed) == 1001

    def test_what_is_unfinished_and_what_crashed(self, audited, regen, monkeypatch):
        """A run that is `running` and held by nobody has crashed."""
        document = json.loads((audited / "run.json").read_bytes())
        changed = document | {"status": "running"}
        (audited / "run.json").write_text(json.dumps(changed))
        assert regen("runs").out.count("crashed") == 1
        assert "go on: regen resume it" in regen("runs").out
        monkeypatch.setattr(RunFolder, "is_held", lambda run: run.id == "it")
        (listed,) = regen("runs", "--json").document
        assert "go on" not in regen("runs").out
        assert (listed["unfinished"], listed["crashed"]) == (True, False)

    def test_a_line_tells_state_counts_and_duration(self, audited, regen):
        output = regen("runs").out
        document = json.loads((audited / "run.json").read_bytes())
        assert "finished" in output
        assert f"{document['counts']['succeeded']} succeeded" in output
        with open_read_only(audited / "ledger.db") as store:
            _, first, last = queries.sendings(store)
        assert f" in {duration((last - first) / 1e6)}" in output


class TestCommands:
    """What is printed can be typed, and sends the rows as they were sent before."""

    def typed(self, output: str) -> list[str]:
        """The commands of a summary that write a manifest of errors, and those that send it."""
        return re.findall(r"(?m)^    (regen results [^#]*?)  +#.*`(.*)` it$", output)

    def test_a_step_that_re_migrates_does_so_again(self, tmp_path, regen, simulator):
        (tmp_path / "s.csv").write_text("subscriptionName,subscriptionVersion\nA-1,1\nMISSING-1,1\n")
        with simulator() as server:
            (tmp_path / "regen.toml").write_text(f"[profile.sandbox]\nbase_url = '{server.url}'\n")
            assert regen("run", "s.csv", "--re-migrate", "--profile", "sandbox", "--run-id", "it").code == 3
            output = regen("show", "it").out
        again = f"regen run --re-migrate --profile sandbox --base-url {server.url}"
        assert self.typed(output) == [("regen results it --category data", again)]
        assert f"cp runs/it/errors.csv fixed.csv, then: {again} fixed.csv" in output

    def test_another_tenant_than_the_profiles(self, tmp_path, regen, simulator):
        """What was rehearsed beside a profile is not sent to the tenant of that profile."""
        (tmp_path / "s.csv").write_text("invoiceNumber\nMISSING-1\n")
        (tmp_path / "regen.toml").write_text(
            "default_profile = 'sandbox'\n[profile.sandbox]\nbase_url = 'us-sandbox'\n"
        )
        with simulator() as server:
            output = regen("run", "s.csv", "--base-url", server.url).out
        assert [again for _, again in self.typed(output)] == [f"regen run --profile sandbox --base-url {server.url}"]

    def test_steps_of_a_plan_are_sent_again_each_in_its_way(self, tmp_path, regen, simulator):
        """The printed commands, typed one after another: every fixed row gets through."""
        quick(tmp_path)
        (tmp_path / "c.csv").write_text("ID,Revenue Recognition Rule\nr1,x\nBAD2,y\n")
        (tmp_path / "s.csv").write_text("subscriptionName,subscriptionVersion\nA-1,1\nMISSING-2,1\n")
        (tmp_path / "i.csv").write_text("invoiceNumber\nMISSING-3\n")
        on = 'on_failure = "continue"\n'
        (tmp_path / "p.toml").write_text(
            f'[[step]]\ndo = "backfill"\ntype = "RatePlanCharge"\nfile = "c.csv"\nzip = true\n{on}'
            f'[[step]]\ndo = "regenerate"\nmanifests = ["s.csv"]\nre_migrate = true\n{on}'
            f'[[step]]\ndo = "booking-dates"\n{on}'
            '[[step]]\ndo = "regenerate"\nmanifests = ["i.csv"]\nonly_resend = true\n'
        )
        with simulator(job_seconds=0.05) as server:
            assert regen("run", "p.toml", "--base-url", server.url, "--run-id", "it").code == 3
            typed = self.typed(regen("show", "it").out)
            assert [
                (results[-8:], again.removesuffix(f" --profile quick --base-url {server.url}"))
                for results, again in typed
            ] == [
                ("--step 1", "regen backfill RatePlanCharge --zip"),
                ("--step 2", "regen run --re-migrate"),
                ("--step 4", "regen run --only-resend"),
            ]
            for results, again in typed:
                path = Path(regen(*results.split()[1:]).out.strip())
                path.write_text(path.read_text().replace("BAD", "r").replace("MISSING", "A"))
                assert regen(*again.split()[1:], path).code == 0
            queries = sorted(one["query"].popitem()[0] for one in server.regenerations() if "A-" in str(one["body"]))
        assert queries == ["onlyReSend", "reMigrate", "reMigrate"]
        assert regen("results", "it", "--category", "data", "--step", 9).code == 2
        assert regen("results", "it", "--step", 1).code == 2

    def test_a_step_without_a_manifest_is_its_command_again(self, tmp_path, regen, simulator):
        quick(tmp_path)
        with simulator(job_seconds=0.05, job_failures=1.0) as server:
            output = regen("booking-dates", "--base-url", server.url).out
        assert "the same command, with --again" in output
        assert "regen results" not in output


def test_a_row_that_no_run_can_have(audited, regen):
    """Refused, however large the number."""
    assert regen("show", "it", "--row", 10**30).code == 2


def test_files_of_a_run_that_goes_on_are_left_to_it(tmp_path, regen, simulator):
    """Who looks on gets files of his own, and what is sealed in the end is what the run wrote."""
    (tmp_path / "m.csv").write_text("invoiceNumber\nMISSING-1\nI-2\n")
    with simulator() as server:
        base = ("--base-url", server.url, "--run-id", "it")
        assert regen("run", "m.csv", *base, "--max-requests", 1, "--concurrency", 1).code == 5
        folder = RunFolder(tmp_path / "runs/it")
        folder.unseal()
        before = (folder.path / "results.csv").stat().st_mtime_ns
        with folder.lock():
            for words in (("results", "it"), ("results", "it", "--category", "data"), ("report", "it")):
                done = regen(*words)
                assert done.code == 0
                assert all("after" in Path(line).parts and Path(line).exists() for line in done.out.splitlines())
        assert (folder.path / "results.csv").stat().st_mtime_ns == before
        assert regen("resume", "it").code == 3
        assert regen("verify", "it").code == 0


def test_an_odd_response_is_shown(tmp_path, regen, simulator):
    """What the server sent, as far as it was kept, beside the attempt."""
    (tmp_path / "regen.toml").write_text("[profile.p.patience]\nattempts = 1\nbase_seconds = 0.01\n")
    manifest = tmp_path / "i.csv"
    manifest.write_text("invoiceNumber\nINV1\n")
    with simulator(faults={"html-200": 1.0}) as server:
        regen("run", manifest, "--base-url", server.url, "--profile", "p", "--run-id", "it")
    assert "the response began: <html>" in regen("show", "it", "--row", 1).out
