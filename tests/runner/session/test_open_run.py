"""One command works on one open run."""

from __future__ import annotations

import sqlite3
from collections import Counter

import pytest

from runner.config import settings
from runner.plan import open_manifests
from runner.runs import folder, run_json
from runner.runs.folder import RunFolder
from runner.session import open_run, prepare, run_settings
from runner.session.open_run import OpenRun
from tests.flows.test_flows import one, subscriptions


@pytest.fixture
def counted(monkeypatch) -> Counter:
    """How often ledgers and manifests are opened, run.json is built and settings are gathered."""
    counts = Counter[str]()

    def count(name, module, attribute):
        original = getattr(module, attribute)

        def counting(*args, **options):
            counts[name] += 1
            return original(*args, **options)

        monkeypatch.setattr(module, attribute, counting)

    count("ledger", sqlite3, "connect")
    count("manifest", open_manifests, "open_manifest")
    for module in (folder, open_run, run_json):
        count("document", module, "document_of")
    for module in (settings, prepare, run_settings):
        count("settings", module, "gather")
    return counts


def test_a_run_of_two_rows(tmp_path, regen, simulator, counted):
    """At most 3 opens of the ledger (made, read, written), 2 documents, 1 gathering of settings, 1 open manifest."""
    with simulator() as server:
        assert regen("run", subscriptions(tmp_path / "s.csv", 2), "--base-url", server.url).code == 0
    assert counted["ledger"] <= 3
    assert counted["document"] <= 2
    assert (counted["settings"], counted["manifest"]) == (1, 1)


def test_resume(tmp_path, regen, simulator, counted):
    with simulator() as server:
        words = ("run", subscriptions(tmp_path / "s.csv", 4), "--base-url", server.url, "--max-requests", 2)
        assert regen(*words).code == 5
        counted.clear()
        assert regen("resume", "last").code == 0
    assert counted["ledger"] <= 2
    assert counted["document"] <= 2
    assert (counted["settings"], counted["manifest"]) == (1, 0)


def test_rows_that_are_carried_over(tmp_path, regen, simulator, counted):
    """`--retry-failed-from last` opens the manifest once, and that of the failed rows once."""
    manifest = subscriptions(tmp_path / "s.csv", 3, missing=1)
    with simulator() as server:
        words = ("run", manifest, "--base-url", server.url, "--retry-failed-from", "last")
        assert regen(*words).code == 3
        subscriptions(manifest, 2)
        counted.clear()
        assert regen(*words).code == 3
    assert counted["manifest"] == 2


def test_a_plan_that_another_process_made_anew_is_read_anew(tmp_path, regen, simulator):
    """Under the same name there is another file: what was read of the old one is forgotten."""
    manifest = subscriptions(tmp_path / "s.csv", 2)
    with simulator() as server:
        words = ("plan", manifest, "--base-url", server.url, "--run-id", "it")
        assert regen(*words).code == 0
        with OpenRun(RunFolder(one(tmp_path / "runs"))) as run:
            assert run.document.counts["rows"] == 2
            subscriptions(manifest, 5)
            assert regen(*words).code == 0
            run.refresh()
            assert run.document.counts["rows"] == 5
