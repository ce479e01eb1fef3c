"""Runs that create jobs and do not wait for them."""

from __future__ import annotations

from tests.harness.journeys import charges, created, quick, uploads
from tests.harness.program import table
from tests.runner.plan.test_backfill import COMMAND, JOBS, one


def test_no_wait_and_resume(tmp_path, regen, simulator):
    """Returns once created, exit 5; resume follows and uploads nothing."""
    quick(tmp_path)
    with simulator(job_seconds=0.5) as server:
        done = regen(*COMMAND, charges(tmp_path / "c.csv", 2), "--no-wait", "--base-url", server.url)
        assert (done.code, "--no-wait" in done.err) == (5, True)
        folder = one(tmp_path)
        assert {row["regen_state"] for row in table(folder)} == {"pending"}
        (job,) = created(server, JOBS)
        assert f"job {job} (c-{folder.name}-1-1-" in regen("show", folder.name).out
        assert "data-backfill" in regen("jobs", "--base-url", server.url).out
        assert regen("resume", folder.name).code == 0
        assert [one["arrivals"] for one in uploads(server)] == [1]


def test_no_wait_does_not_wait_for_what_was_created_before(tmp_path, regen, simulator):
    """The same command once more: exit 5 again, and nothing is uploaded."""
    quick(tmp_path)
    with simulator(job_seconds=600) as server:
        words = (*COMMAND, charges(tmp_path / "c.csv", 2), "--no-wait", "--base-url", server.url)
        assert [regen(*words).code for _ in range(2)] == [5, 5]
        assert [one["arrivals"] for one in uploads(server)] == [1]
