"""The summary of a run."""

from __future__ import annotations

from runner.domain.run_status import RunStatus
from runner.ledger import Event, Journal, open_writable
from runner.results.summary import live_line
from tests.harness.virtual import EPOCH, enrolled


def test_show_tells_of_a_run_that_rests(tmp_path):
    """Until when, and why; no more once it is over."""
    path, begun = enrolled(tmp_path / "l.db", 3), int(EPOCH * 1e6)
    with open_writable(path) as store:
        store.set_facts(status=RunStatus.RUNNING)
        journal = Journal(store)
        journal.write([], [], events=[Event(begun, "paused", '{"seconds": 3600, "reason": "blackout (x)"}')])
        line = live_line(store, begun + 60_000_000)
        assert line == "running, but paused until 2027-01-15T09:00:00Z: blackout (x); 3 requests are pending"
        assert "paused" not in (live_line(store, begun + 3_601_000_000) or "")
        journal.write([], [], events=[Event(begun + 1, "blackout-over", "{}")])
        assert "paused" not in (live_line(store, begun + 60_000_000) or "")


def test_show_tells_the_reason_in_one_line(tmp_path):
    """A server's words make no line of their own."""
    path, begun = enrolled(tmp_path / "l.db", 3), int(EPOCH * 1e6)
    with open_writable(path) as store:
        store.set_facts(status=RunStatus.RUNNING)
        Journal(store).write(
            [], [], events=[Event(begun, "paused", '{"seconds": 60, "reason": "busy\\nrun x: finished"}')]
        )
        assert "busy run x: finished; 3 requests" in (live_line(store, begun + 1_000_000) or "")
