"""The command `regen jobs`."""

from __future__ import annotations

import pytest

from runner.cli.jobs import job_line
from tests.harness.journeys import charges, created, quick
from tests.harness.program import table
from tests.runner.plan.test_backfill import COMMAND, JOBS, one


def test_jobs_are_listed_and_stopped(tmp_path, regen, simulator):
    """The rows of a stopped job failed."""
    quick(tmp_path)
    with simulator(job_seconds=4.0) as server:
        regen(*COMMAND, charges(tmp_path / "c.csv", 2), "--no-wait", "--base-url", server.url)
        (job,) = created(server, JOBS)
        assert job in regen("jobs", "--base-url", server.url, "--json").out
        assert regen("jobs", "stop", job, "--base-url", server.url).code == 0
        assert regen("jobs", "stop", "nonsense", "--base-url", server.url).code == 2
        folder = one(tmp_path)
        assert regen("resume", folder.name).code == 3
    assert {row["regen_state"] for row in table(folder)} == {"failed"}
    assert regen("show", folder.name, "--row", 1).out.count("Cancel") >= 1


@pytest.mark.parametrize(
    ("uploaded", "shown"),
    [("1763700000000", "2025-11-21 04:40 UTC"), ("9" * 15, "-"), ("9" * 5000, "-"), ("soon", "-"), (None, "-")],
    ids=["a time", "after all times", "a long number", "a word", "nothing"],
)
def test_when_a_job_was_uploaded(uploaded, shown):
    """Whatever the tenant tells, the others are listed."""
    assert job_line("data-backfill", {"uploadedOn": uploaded}).startswith(f"{shown}  ")
