"""The ids of runs."""

from __future__ import annotations

import pytest

from tests.flows.test_flows import one, subscriptions
from tests.harness.program import folders


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
