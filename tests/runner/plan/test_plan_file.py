"""Plan files: what they say is read or refused in words; their steps run in order, and halt."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from runner.domain.errors import Refused
from runner.domain.steps import KINDS, AutoBackfill, Backfill, Regenerate, TrialBalance, files_of
from runner.plan.plan_file import plan_of, read_plan
from tests import ROOT
from tests.flows.test_flows import invoices, subscriptions
from tests.harness.audited import broken
from tests.harness.journeys import quick
from tests.harness.program import folders, table
from tests.runner.session.test_approval import Terminal

SAMPLES = ROOT / "sample_data"
STEP = '[[step]]\ndo = "regenerate"\nmanifests = ["{}"]\n'
WRONG = {
    "": "the key 'step' is missing",
    "step = 3": "step: expected array, got int",
    "step = []": "step: expected `array` of length >= 1".replace("`", ""),
    "stp = 1\n" + STEP: "there is no key 'stp'; did you mean 'step'?",
    '[[step]]\ndo = "backfil"\n': "step 1, do: there is no step 'backfil'; did you mean 'backfill'?",
    '[[step]]\ntype = "x"\n': "step 1: the key 'do' is missing",
    STEP + '[[step]]\ndo = "regenerate"\n': "step 2: name manifests, or a step whose objects are regenerated",
    STEP + "re_migrat = true\n": "step 1: there is no key 're_migrat'; did you mean 're_migrate'?",
    STEP + 're_migrate = "yes"\n': "step 1, re_migrate: expected bool, got str",
    STEP + "canary = 0\n": "step 1, canary: expected int >= 1",
    STEP + "only_resend = true\nre_migrate = true\n": "step 1: only_resend and re_migrate exclude each other",
    STEP.replace("{}", "-"): "step 1: a plan cannot read standard input",
    STEP + 'on_failure = "stop"\n': "step 1, on_failure: invalid enum value 'stop'",
    '[[step]]\ndo = "backfill"\ntype = "RatePlanCharge"\n': "step 1: give either file or files",
    '[[step]]\ndo = "journal-run"\njournal_entry_date = "2026-13-30"\n': "step 1, journal_entry_date: invalid",
}


@pytest.mark.parametrize("text", WRONG)
def test_errors_name_file_and_key(text):
    """The file, the step counted from 1, the key, what was expected, and a near name for a misspelt one."""
    with pytest.raises(Refused) as refused:
        plan_of(tomllib.loads(text), "plans/nightly.toml")
    assert str(refused.value).startswith("plans/nightly.toml")
    assert WRONG[text] in str(refused.value)


def test_paths_are_counted_from_the_plan():
    """Relative ones; absolute ones stay."""
    text = '[[step]]\ndo = "backfill"\ntype = "RatePlanCharge"\nfiles = ["a.csv", "../b.csv", "/c.csv"]\n'
    (work,) = plan_of(tomllib.loads(text), "plans/nightly.toml").step
    assert isinstance(work, Backfill)
    assert files_of(work) == ("plans/a.csv", "b.csv", "/c.csv")


def test_no_toml_and_no_file(tmp_path, regen):
    """Exit 2, nothing sent."""
    (tmp_path / "broken.toml").write_text("[[step]\n")
    base = ("--base-url", "http://127.0.0.1:1")
    assert "not TOML" in regen("run", "broken.toml", *base).err
    assert regen("run", "broken.toml", *base).code == 2
    assert regen("run", "missing.toml", *base).code == 2
    refused = regen("run", nightly(tmp_path), "more.csv", *base)
    assert (refused.code, "give it alone" in refused.err) == (2, True)
    refused = regen("run", nightly(tmp_path), "--type", "Invoice", *base)
    assert (refused.code, "its steps say" in refused.err) == (2, True)


def nightly(folder: Path, *, missing: int = 0, first: str = "") -> Path:
    """A plan of two steps, the first over 20 subscriptions of which some are missing, both over the same invoices."""
    subscriptions(folder / "s.csv", 20, missing)
    invoices(folder / "i.csv", 5)
    plan = folder / "nightly.toml"
    plan.write_text(
        'name = "nightly"\n[[step]]\ndo = "regenerate"\nmanifests = ["s.csv", "i.csv"]\nre_migrate = true\n'
        f'{first}[[step]]\ndo = "regenerate"\nmanifests = ["i.csv"]\nre_migrate = true\n'
    )
    return plan


def states(folder: Path) -> list[tuple[Any, Any]]:
    return [(row["regen_step"], row["regen_state"]) for row in table(folder)]


def test_all_steps_are_one_run(tmp_path, regen, simulator):
    """The plan shows every step; the same request in two steps is two requests; the run is named by the plan."""
    plan = nightly(tmp_path)
    with simulator() as server:
        planned = regen("plan", plan, "--base-url", server.url)
        assert planned.code == 0
        assert "step 1, regenerate: 25 pending" in planned.out
        assert "step 2, regenerate: 5 pending" in planned.out
        assert "for 30 requests" in planned.out
        done = regen("run", plan, "--base-url", server.url, "--json")
        assert (done.code, done.document["counts"]["succeeded"]) == (0, 30)
        assert [step["do"] for step in done.document["steps"]] == ["regenerate", "regenerate"]
        shown = regen("show", done.document["run"]).out
        assert "  step 1, regenerate: 25 rows = 25 succeeded\n  step 2, regenerate: 5 rows = 5 succeeded\n" in shown
        effects = [len(one["effects"]) for one in server.regenerations() if "billing" in one["path"]]
        assert effects == [2] * 5
        again = regen("run", plan, "--base-url", server.url)
        assert (again.code, server.arrivals()) == (0, 30)
    (folder,) = folders(tmp_path / "runs")
    assert "-nightly-" in folder.name
    assert states(folder) == [(1, "succeeded")] * 25 + [(2, "succeeded")] * 5
    keys = [row["regen_key"] for row in table(folder)]
    assert len(set(keys)) == 30


def test_a_failing_step_halts_the_run(tmp_path, regen, simulator):
    """Exit 3, the later step pending; --accept-failures goes on."""
    plan = nightly(tmp_path, missing=1)
    with simulator() as server:
        halted = regen("run", plan, "--base-url", server.url)
        assert (halted.code, server.arrivals()) == (3, 25)
        assert "halted" in halted.err
        (folder,) = folders(tmp_path / "runs")
        assert states(folder)[20:] == [(1, "succeeded")] * 5 + [(2, "pending")] * 5
        assert regen("show", folder.name).out.count("--accept-failures") == 1
        again = regen("run", plan, "--base-url", server.url)
        assert (again.code, server.arrivals()) == (3, 25)
        assert regen("resume", folder.name).code == 3
        assert server.arrivals() == 25
        assert regen("resume", folder.name, "--accept-failures").code == 3
        assert server.arrivals() == 30
    assert states(folder)[25:] == [(2, "succeeded")] * 5


def test_a_step_may_say_that_failures_do_not_halt(tmp_path, regen, simulator):
    """on_failure = "continue"."""
    plan = nightly(tmp_path, missing=1, first='on_failure = "continue"\n')
    with simulator() as server:
        assert regen("run", plan, "--base-url", server.url).code == 3
        assert server.arrivals() == 30


def test_max_failures_counts_over_all_steps(tmp_path, regen, simulator):
    """It is of the invocation, as the budget is."""
    (tmp_path / "m.csv").write_text("subscriptionName,subscriptionVersion\nMISSING-1,1\nMISSING-2,1\nA-1,1\n")
    step = '[[step]]\ndo = "regenerate"\nmanifests = ["m.csv"]\non_failure = "continue"\n'
    (tmp_path / "p.toml").write_text(f"{step}{step}only_resend = true\n")
    with simulator() as server:
        words = ("run", "p.toml", "--base-url", server.url, "--run-id")
        assert regen(*words, "four", "--max-failures", 4).code == 3
        assert regen(*words, "three", "--if-unfinished", "new", "--max-failures", 3).code == 4


def test_an_interrupted_plan_goes_on_in_its_step(tmp_path, regen, simulator):
    """The budget is one for all steps; what was accepted once stays accepted."""
    plan = nightly(tmp_path, missing=1)
    with simulator() as server:
        assert regen("run", plan, "--base-url", server.url, "--max-requests", 22).code == 5
        (folder,) = folders(tmp_path / "runs")
        paused = regen("resume", folder.name, "--accept-failures", "--max-requests", 5)
        assert (paused.code, server.arrivals()) == (5, 27)
        assert regen("resume", folder.name).code == 3
        assert server.arrivals() == 30


def test_a_step_has_its_own_canary(tmp_path, regen, simulator):
    """The first of every type in a step must succeed before anything else is sent."""
    plan = nightly(tmp_path, missing=1, first="canary = 2\n")
    with simulator() as server:
        assert regen("run", plan, "--base-url", server.url).code == 4
        assert server.arrivals() <= 4


def test_the_plan_names_the_profile(tmp_path, regen, simulator):
    """Also for resume, which reads no plan."""
    plan = nightly(tmp_path)
    with simulator() as server:
        (tmp_path / "regen.toml").write_text(f"[profile.sandbox]\nbase_url = '{server.url}'\ntenant_id = 'mine'\n")
        plan.write_text('profile = "sandbox"\n' + plan.read_text())
        assert regen("run", plan, "--max-requests", 3).code == 5
        (folder,) = folders(tmp_path / "runs")
        assert regen("resume", folder.name).code == 0


class TestOrder:
    """Zuora's order is backfill, then regenerate; what goes against it, or to production, is confirmed."""

    @pytest.fixture
    def reversed_plan(self, tmp_path) -> Path:
        plan = nightly(tmp_path)
        (tmp_path / "c.csv").write_text("ID,Revenue Recognition Rule\nr1,x\n")
        plan.write_text(plan.read_text() + '[[step]]\ndo = "backfill"\ntype = "RatePlanCharge"\nfile = "c.csv"\n')
        return plan

    def test_a_backfill_after_a_regenerate_is_confirmed(self, reversed_plan, regen, simulator):
        with simulator(job_seconds=0.05) as server:
            refused = regen("run", reversed_plan, "--base-url", server.url)
            assert (refused.code, server.arrivals()) == (2, 0)
            assert "step 3 backfills after step 1 has regenerated" in refused.err
            assert regen("run", reversed_plan, "--base-url", server.url, "--yes").code == 0
            assert regen("run", reversed_plan, "--base-url", server.url).code == 0, "nothing is left of it"

    @pytest.mark.parametrize(("word", "code"), [("yes", 0), ("y", 2), ("", 2)])
    def test_on_a_terminal_it_asks(self, reversed_plan, regen, simulator, monkeypatch, word, code):
        """Only the whole word goes on."""
        monkeypatch.setattr("sys.stdin", Terminal(f"{word}\n"))
        monkeypatch.setattr("runner.session.approval.at_terminal", lambda: True)
        with simulator(job_seconds=0.05) as server:
            quick(reversed_plan.parent)
            done = regen("run", reversed_plan, "--base-url", server.url)
            assert (done.code, server.arrivals() > 0) == (code, code == 0)
        assert "Type yes to continue" in done.err

    def test_a_backfill_on_production_is_confirmed_whatever_the_profile_says(self, tmp_path, regen):
        (tmp_path / "c.csv").write_text("ID,Revenue Recognition Rule\nr1,x\n")
        (tmp_path / "regen.toml").write_text("[profile.p]\nallow_production = true\n")
        words = ("--profile", "p", "--no-template-check", "--base-url", "https://rest.zuora.com")
        refused = regen("backfill", "RatePlanCharge", "c.csv", *words)
        assert (refused.code, "backfill on production" in refused.err) == (2, True)


def test_the_sample_plan_holds_every_step():
    """The plan of a whole night, all kinds of step, its files beside it."""
    plan = read_plan(str(SAMPLES / "nightly.toml"))
    kinds = [type(work) for work in plan.step]
    assert set(kinds) == set(KINDS) - {AutoBackfill, TrialBalance}
    assert kinds.index(Backfill) < kinds.index(Regenerate)
    assert all(Path(file).is_file() for work in plan.step for file in files_of(work))


def test_the_sample_plan_runs_green(tmp_path, regen, simulator):
    """Every step of a whole night; manifest, ledger and results agree; so does the seal."""
    quick(tmp_path)
    with simulator(job_seconds=0.05) as server:
        done = regen("run", SAMPLES / "nightly.toml", "--base-url", server.url, "--json", "--quiet")
    assert done.code == 0, done.err
    assert [step["counts"].get("succeeded", 0) > 0 for step in done.document["steps"]] == [True] * 7
    assert broken(folders(tmp_path / "runs")[0]) == {}


def test_a_plan_may_begin_with_a_mark(tmp_path):
    """As some editors write UTF-8."""
    (tmp_path / "nightly.toml").write_bytes(b"\xef\xbb\xbf" + STEP.format("a.csv").encode())
    assert len(read_plan(str(tmp_path / "nightly.toml")).step) == 1


def test_what_is_changed_in_a_plan_is_planned_anew(tmp_path, regen, simulator):
    """Also what does not make another run of it: a canary that is added after `plan` goes first."""
    plan = nightly(tmp_path, missing=1)
    with simulator() as server:
        assert regen("plan", plan, "--base-url", server.url).code == 0
        nightly(tmp_path, missing=1, first="canary = 1\n")
        assert regen("run", plan, "--base-url", server.url).code == 4
        assert server.arrivals() <= 2
    assert len(folders(tmp_path / "runs")) == 1
