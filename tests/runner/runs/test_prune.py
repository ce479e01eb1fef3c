"""Removing old runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runner.runs.folder import RunFolder
from runner.runs.prune import prune
from tests.flows.test_flows import one, subscriptions
from tests.harness.program import folders
from tests.runner.session.test_carryover import night_passes, one_named


class TestPrune:
    """`regen prune`."""

    def test_old_runs_go_unfinished_ones_stay(self, tmp_path, regen, simulator):
        with simulator() as server:
            base = ("--base-url", server.url)
            regen("run", subscriptions(tmp_path / "done.csv", 3, missing=1), *base)
            regen("run", subscriptions(tmp_path / "half.csv", 4), *base, "--max-requests", 2)
            regen("run", subscriptions(tmp_path / "gone.csv", 5), *base, "--max-requests", 2)
            regen("abandon", one_named(tmp_path, "-gone-"))
            regen("plan", subscriptions(tmp_path / "plan.csv", 2), *base)
            night_passes(tmp_path, days=100)
            regen("run", subscriptions(tmp_path / "new.csv", 1), *base)
            looked = regen("prune", "--keep", "90d", "--dry-run")
            assert looked.out.count("would be removed") == 3
            assert len(folders(tmp_path / "runs")) == 5
            pruned = regen("prune", "--keep", "90d")
            assert pruned.code == 0
            assert "unfinished (paused, 2 requests pending)" in pruned.out
            left = [path.name for path in folders(tmp_path / "runs")]
            assert [name.split("-")[3] for name in left] == ["half", "new"]
            assert regen("resume", one_named(tmp_path, "-half-"), "--moved").code == 0

    def test_a_held_run_and_a_damaged_one_stay(self, tmp_path, regen, simulator):
        with simulator() as server:
            regen("run", subscriptions(tmp_path / "a.csv", 1), "--base-url", server.url)
            regen("run", subscriptions(tmp_path / "b.csv", 2), "--base-url", server.url)
        (one_path := tmp_path / "runs" / one_named(tmp_path, "-b-") / "ledger.db").write_bytes(b"no ledger" * 100)
        with RunFolder(tmp_path / "runs" / one_named(tmp_path, "-a-")).lock():
            later = datetime.now(UTC) + timedelta(days=2)
            prune(tmp_path / "runs", "1d", dry_run=False, now=later)
        assert one_path.exists()
        assert len(folders(tmp_path / "runs")) == 2

    def test_links_are_not_followed_and_what_was_begun_is_finished(self, tmp_path, regen, simulator):
        with simulator() as server:
            regen("run", subscriptions(tmp_path / "a.csv", 1), "--base-url", server.url)
        run = one(tmp_path / "runs")
        elsewhere = tmp_path / "elsewhere"
        run.rename(elsewhere)
        run.symlink_to(elsewhere)
        dying = tmp_path / "runs/.pruned-x"
        dying.mkdir()
        (dying / "ledger.db").write_text("")
        prune(tmp_path / "runs", "1d", dry_run=False, now=datetime.now(UTC) + timedelta(days=2))
        assert (elsewhere / "ledger.db").exists()
        assert not dying.exists()
