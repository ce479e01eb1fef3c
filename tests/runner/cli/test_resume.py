"""The command `regen resume`."""

from __future__ import annotations

import pytest

from tests.flows.test_flows import one, subscriptions
from tests.harness.program import table


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
