"""What an invocation has done so far."""

from __future__ import annotations

from runner.dispatch.run_limits import Tally
from runner.domain.model import State


def test_every_outcome_is_counted_once():
    """What is settled is the sum of what succeeded, failed and is unknown."""
    tally = Tally(sent=9)
    for state in [State.SUCCEEDED] * 4 + [State.FAILED] * 2 + [State.UNKNOWN]:
        tally.count(state)
    assert tally.counts() == {"sent": 9, "succeeded": 4, "failed": 2, "unknown": 1}
    assert tally.settled == 7
