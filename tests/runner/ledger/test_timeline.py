"""Times of a run out of its ledger."""

from __future__ import annotations

import pytest

from runner.ledger import Claim, Journal, open_writable
from runner.ledger.facts import Start
from runner.ledger.timeline import effort
from runner.system.timestamps import iso
from tests.runner.results.report.test_page import EPOCH, run_of_the_past


@pytest.mark.parametrize(
    ("resumed_after", "whole", "active"),
    [
        ((), 36_030.59, 36_030.59),  # one start that went on all night
        ((36_000,), 36_030.59, 30.35),  # resumed ten hours later
        ((36_000, 40_000), 36_030.59, 30.35),  # resumed once more, with nothing left to send
    ],
)
def test_time_between_starts_is_no_work(tmp_path, resumed_after, whole, active):
    """The gap between the last answer of a start and the first request of the next does not count."""
    path = run_of_the_past(tmp_path / "ledger.db")
    with open_writable(path) as store:
        moments = [EPOCH, *(EPOCH + seconds * 1_000_000 for seconds in resumed_after)]
        store.set_facts(starts=tuple(Start(at=iso(at)) for at in moments))
        assert effort(store) == pytest.approx((300, whole, active), abs=1)


def test_nothing_was_sent(tmp_path):
    """No time, no division by it."""
    with open_writable(run_of_the_past(tmp_path / "ledger.db", 1)) as store:
        store.connection.execute("DELETE FROM attempt")
        assert effort(store) == (0, 0.0, 0.0)
        Journal(store).write([], [Claim(1, 2, 0, EPOCH)])
        assert effort(store) == (1, 0.0, 0.0)
