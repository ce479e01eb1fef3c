"""Results as data frames."""

from __future__ import annotations

import pandas as pd

import runner


def test_results_are_a_frame_with_types_that_can_miss_values(manifest, options, simulator):
    """One line per row; a missing HTTP status stays missing; lists are lists; also of a run that was only planned."""
    with simulator() as server:
        planned = runner.plan(manifest, base_url=server.url, **options)
        before = runner.results(planned)
        assert list(before["regen_state"]) == ["pending"] * 5 + ["duplicate"]
        run = runner.run(manifest, base_url=server.url, **options)
    frame = runner.results(run)
    assert list(frame["subscriptionName"])[:3] == ["A-S1", "A-S2", "MISSING-1"]
    assert isinstance(frame["regen_http_status"].dtype, pd.Int32Dtype)
    assert str(frame["regen_settled_at"].dt.tz) == "UTC"
    assert len(frame.loc[0, "regen_id_list"]) == frame.loc[0, "regen_id_count"]
    pd.testing.assert_frame_equal(runner.results(run.id, runs_dir=options["runs_dir"]), frame)
