"""A run as a Python object."""

from __future__ import annotations

import runner


def test_a_budget_then_resume(manifest, options, simulator):
    """`max_requests` pauses; `resume` takes a Run, and progress is reported."""
    seen = []
    with simulator(latency=0.6) as server:
        run = runner.run(manifest, base_url=server.url, max_requests=2, concurrency=1, **options)
        assert (run.status, run.exit_code) == ("paused", 5)
        run = runner.resume(run, concurrency=1, progress=seen.append, **options)
        assert run.exit_code == 3
        assert server.arrivals() == 5
    assert seen
    assert all(set(counts) == {"sent", "succeeded", "failed", "unknown"} for counts in seen)
