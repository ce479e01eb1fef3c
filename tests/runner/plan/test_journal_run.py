"""Journal runs: the rules of dates and types, one or several, and the whole journey in one plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.plan.journal_run import broken_rules
from runner.zuora.transaction_types import TRANSACTION_TYPES
from tests.harness.journeys import chained, created, quick
from tests.harness.program import folders, table

RUNS = "/v1/journal-runs"
GOOD = {
    "journalEntryDate": "2026-11-30",
    "accountingPeriodName": "Nov-2026",
    "transactionTypes": ["Invoice Item", "Revenue Event Item"],
}
WRONG = {
    "entry-date-missing": {"journalEntryDate": None},
    "date-unreadable": {"journalEntryDate": "30.11.2026"},
    "date-unreadable: targetStartDate": {"accountingPeriodName": None, "targetStartDate": "2026-02-30"},
    "period-missing": {"accountingPeriodName": None},
    "period-missing: give": {"accountingPeriodName": None, "targetStartDate": "2026-11-01"},
    "period-and-dates": {"targetStartDate": "2026-11-01", "targetEndDate": "2026-11-30"},
    "dates-reversed": {
        "accountingPeriodName": None,
        "targetStartDate": "2026-11-30",
        "targetEndDate": "2026-11-01",
    },
    "transaction-types-missing": {"transactionTypes": []},
    "did you mean 'Revenue Event Item'": {"transactionTypes": ["Revenue Evnt Item"]},
    "did you mean 'Credit Memo Item (Charge)'": {"transactionTypes": ["credit memo item (charge)"]},
}


@pytest.mark.parametrize("rule", WRONG)
def test_rules(rule):
    """Each has a name and a remedy; a misspelt type a suggestion."""
    assert any(rule in problem for problem in broken_rules(GOOD | WRONG[rule]))


def test_what_breaks_no_rule():
    assert not list(broken_rules(GOOD))
    dated = {"targetStartDate": "2026-11-01", "targetEndDate": "2026-11-01"}
    assert not list(broken_rules(GOOD | {"accountingPeriodName": None} | dated))
    assert len(TRANSACTION_TYPES) == len(set(TRANSACTION_TYPES)) == 29


def test_a_journal_run(tmp_path, regen, simulator):
    """Created with a key, followed to its end; the number in the id list, the entries in the story."""
    quick(tmp_path)
    words = ("--from", "2026-11-01", "--to", "2026-11-30", "--entry-date", "2026-11-30")
    types = ("--transaction-type", "Invoice Item", "--transaction-type", "Revenue Event Item")
    with simulator(job_seconds=0.1) as server:
        assert regen("journal-run", *words, *types, "--base-url", server.url).code == 0
        (number,) = created(server, RUNS)
        (seen,) = (one for one in server.identities() if one["path"] == RUNS)
    assert seen["body"] == {
        "journalEntryDate": "2026-11-30",
        "targetStartDate": "2026-11-01",
        "targetEndDate": "2026-11-30",
        "transactionTypes": [{"type": "Invoice Item"}, {"type": "Revenue Event Item"}],
    }
    (folder,) = folders(tmp_path / "runs")
    (row,) = table(folder)
    assert (row["regen_id_list"], row["regen_object"]) == ([number], "2026-11-01 to 2026-11-30")
    story = regen("show", folder.name, "--row", 1, "--json").document
    assert (story["job"]["name"], story["job"]["status"]) == (number, "Completed")
    assert story["job"]["totalJournalEntryCount"] == 6
    assert number in regen("show", folder.name, "--row", 1).out


def test_several_runs_of_a_manifest(tmp_path, regen, simulator):
    """One request a row, one after another; a run in Error is a failed row."""
    quick(tmp_path)
    (tmp_path / "j.csv").write_text(
        "Accounting Period,Entry Date,Transaction Types\n"
        'Nov-2026,2026-11-30,"[""Invoice Item""]"\nFAIL-2026,2026-11-30,Invoice Item; Taxation Item\n'
        "Dec-2026,2026-12-31,Revenue Event Item\n"
    )
    with simulator(job_seconds=0.05) as server:
        done = regen("journal-run", "j.csv", "--base-url", server.url)
        assert done.code == 3
        assert len(created(server, RUNS)) == 3
    rows = table(folders(tmp_path / "runs")[0])
    assert [row["regen_state"] for row in rows] == ["succeeded", "failed", "succeeded"]
    assert rows[1]["regen_error_message"] == "JR-00000002: it is Error"
    assert "regen journal-run" in done.out


def test_a_manifest_with_a_bad_run_is_refused(tmp_path, regen, simulator):
    (tmp_path / "j.csv").write_text(
        "period,entry_date,transaction_types\nNov-2026,2026-11-30,Invoice Item\n,2026-11-30,Invoice Item\n"
    )
    with simulator(job_seconds=0.05) as server:
        refused = regen("journal-run", "j.csv", "--base-url", server.url)
        assert (refused.code, "j.csv, row 3: period-missing" in refused.err) == (2, True)
        assert not created(server, RUNS)


PLAN = """name = "whole"
[[step]]
do = "backfill"
type = "RatePlanCharge"
file = "charges.csv"
[[step]]
do = "booking-dates"
[[step]]
do = "regenerate"
manifests = ["subscriptions.csv"]
re_migrate = true
[[step]]
do = "regenerate"
manifests = ["events.csv"]
type = "DeliverySchedule"
[[step]]
do = "journal-run"
accounting_period = "Nov-2026"
journal_entry_date = 2026-11-30
transaction_types = ["Invoice Item", "Revenue Event Item"]
"""


@pytest.fixture
def whole(tmp_path) -> Path:
    """A plan of all steps."""
    quick(tmp_path)
    (tmp_path / "charges.csv").write_text("ID,Revenue Recognition Rule\nr1,x\nr2,y\n")
    (tmp_path / "subscriptions.csv").write_text("subscriptionName,subscriptionVersion\nA-1,1\nA-2,1\nA-1,1\n")
    (tmp_path / "events.csv").write_text("subscriptionNumber,mode\nA-1,Full\n")
    (tmp_path / "whole.toml").write_text(PLAN)
    return tmp_path / "whole.toml"


def test_the_whole_journey(tmp_path, regen, simulator, whole):
    """All steps green, in their order, in one run folder that holds."""
    with simulator(job_seconds=0.1) as server:
        planned = regen("plan", whole, "--base-url", server.url)
        assert [f"step {n}, " in planned.out for n in range(1, 6)] == [True] * 5
        done = regen("run", whole, "--base-url", server.url, "--json")
        assert done.code == 0, done.err
        at = [(effect["at"], one["path"]) for one in server.identities() for effect in one["effects"]]
    order = [path.split("/")[-1] for _, path in sorted(at)]
    assert order == ["jobs", "jobs", *["booking-transaction"] * 2, "rev-rec-events", "journal-runs"]
    (folder,) = folders(tmp_path / "runs")
    rows = table(folder)
    assert [row["regen_step"] for row in rows] == [1, 1, 2, 3, 3, 3, 4, 5]
    assert [row["regen_state"] for row in rows] == ["succeeded"] * 5 + ["duplicate"] + ["succeeded"] * 2
    assert [row["regen_key"] is None for row in rows] == [True] * 2 + [False] * 6
    assert done.document["counts"] | {"rows": 8} == done.document["counts"]
    assert chained(folder)
    assert regen("verify", folder).code == 0
    assert regen("results", folder.name).code == 0


def test_a_failing_first_step_leaves_the_later_ones_pending(tmp_path, regen, simulator, whole):
    """Exit 3; nothing of the later steps was sent."""
    (tmp_path / "charges.csv").write_text("ID,Revenue Recognition Rule\nr1,x\nBAD2,y\n")
    with simulator(job_seconds=0.05) as server:
        halted = regen("run", whole, "--base-url", server.url)
        assert (halted.code, "halted" in halted.err) == (3, True)
        assert {one["path"] for one in server.identities() if one["method"] == "POST"} == {
            "/v1/uno/data-backfill/jobs"
        } | {one["path"] for one in server.identities() if "oauth" in one["path"]}
        (folder,) = folders(tmp_path / "runs")
        assert [row["regen_state"] for row in table(folder)][:5] == ["succeeded", "failed", *["pending"] * 3]
        assert regen("resume", folder.name, "--accept-failures").code == 3
    states = [row["regen_state"] for row in table(folder)]
    assert states == ["succeeded", "failed", *["succeeded"] * 3, "duplicate", *["succeeded"] * 2]


def test_the_plan_is_in_the_document(tmp_path, regen, whole):
    """What was asked for, step by step, in run.json."""
    planned = regen("plan", whole, "--base-url", "http://127.0.0.1:1", "--json", "--no-template-check")
    steps = json.loads(planned.out)["steps"]
    assert [step["do"] for step in steps] == ["backfill", "booking-dates", "regenerate", "regenerate", "journal-run"]
    assert steps[4]["journal_entry_date"] == "2026-11-30"
