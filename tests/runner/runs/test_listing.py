"""`regen runs`: newest first, and only those that a filter takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.runs.folder import RunFolder
from runner.runs.listing import STATUSES, RunFilter, listed_runs
from runner.runs.run_json import RunDocument, totals_of

PENDING = {1: {"succeeded": 2, "pending": 3}}
RUNS = (
    RunDocument(
        run="a", status="planned", profile="p", tenant="t-12345678", host="rest.zuora.com", planned_at="2026-01-05"
    ),
    RunDocument(
        run="b",
        status="stopped",
        profile="q",
        tenant="T2",
        host="rest.test.zuora.com",
        tenant_kind="central-sandbox",
        started_at="2026-01-04",
        counts=totals_of(PENDING),
    ),
    RunDocument(run="c", status="finished", profile="p", tenant="T2", host="127.0.0.1:9", started_at="2026-01-03"),
    RunDocument(
        run="d", status="halted", started_at="2026-01-02", tenant="T2", host="rest.zuora.com", counts=totals_of(PENDING)
    ),
    RunDocument(run="e", status="running", started_at="2026-01-01"),
)


@pytest.fixture
def runs(tmp_path) -> Path:
    """Five runs, each only a run.json; no process holds `e`."""
    folder = tmp_path / "runs"
    for document in RUNS:
        (folder / document.run).mkdir(parents=True)
        RunFolder(folder / document.run).put_document(document)
    return folder


@pytest.mark.parametrize(
    ("chosen", "ids"),
    [
        (RunFilter(), "abcde"),
        (RunFilter(profile="p"), "ac"),
        (RunFilter(profile="P"), ""),
        (RunFilter(tenant="t2"), "bcd"),
        (RunFilter(tenant="T-12345678"), "a"),
        (RunFilter(tenant="t-123456"), "a"),
        (RunFilter(tenant="t-1"), ""),
        (RunFilter(tenant="rest.zuora.com"), "ad"),
        (RunFilter(tenant="127.0.0.1"), "c"),
        (RunFilter(tenant="127.0.0.1:9"), "c"),
        (RunFilter(tenant="central-sandbox"), "b"),
        (RunFilter(statuses=("crashed",)), "e"),
        (RunFilter(statuses=("running",)), ""),
        (RunFilter(statuses=("finished", "halted")), "cd"),
        (RunFilter(unfinished=True), "be"),
        (RunFilter(needs_person=True), "d"),
        (RunFilter(profile="p", statuses=("finished",)), "c"),
        (RunFilter(tenant=""), ""),
    ],
)
def test_filters(runs, chosen, ids):
    """Each alone, and together: all must be fulfilled."""
    assert "".join(run.brief.run for run in listed_runs(runs, chosen)) == ids


def test_every_status_can_be_listed():
    """The list of the command's choices is made of the same words."""
    from runner.cli import runs as command

    assert list(STATUSES) == command.STATUSES


def test_the_command(runs, regen, tmp_path):
    """Text, ids, JSON; the newest of what is taken; the profile's own runs folder."""
    shown = regen("runs", "--limit", 2)
    assert [line.split()[3] for line in shown.out.splitlines()] == ["a", "b"]
    assert "at rest.test.zuora.com (q)" in shown.out
    assert regen("runs", "--unfinished", "--limit", 1).out == "b\n"
    assert regen("runs", "--unfinished").out == "e\nb\n"
    chosen = regen("runs", "--status", "finished", "--status", "halted", "--tenant", "T2", "--json")
    assert [run["run"] for run in json.loads(chosen.out)] == ["c", "d"]
    assert regen("runs", "--status", "lost").code == 2
    assert "no such runs in runs" in regen("runs", "--profile", "gone").out
    assert [line.split()[3] for line in regen("runs", "--profile", "q").out.splitlines()] == ["b"]
    (tmp_path / "regen.toml").write_text('[profile.q]\nruns_dir = "theirs"\n')
    assert "no such runs in theirs" in regen("runs", "--profile", "q").out
