"""The 23 hours in which a key in doubt may be sent again, with clocks that are set."""

from __future__ import annotations

import pytest

from runner.dispatch.key_expiry import WINDOW_SECONDS, Drift, window_closed
from runner.domain.model import History

NOW = 1_800_000_000.0
HOURS_23 = 23 * 3600.0


def in_doubt(claimed_at: float | None, doubts: int = 1) -> History:
    return History(attempts=1, claimed_at=claimed_at, doubts=doubts)


@pytest.mark.parametrize(
    ("age", "set_back", "closed"),
    [
        (0.0, 0.0, False),
        (HOURS_23, 0.0, False),
        (HOURS_23 + 1, 0.0, True),
        (HOURS_23 - 10, 10.0, False),
        (HOURS_23 - 10, 11.0, True),
        (0.0, HOURS_23 + 1, True),
        (-59.0, 0.0, False),
        (-60.0, 0.0, False),
        (-61.0, 0.0, True),
    ],
)
def test_the_window_of_a_key_in_doubt(age, set_back, closed):
    """Counted from the first claim; a claim in the future says that nothing is known of its age."""
    assert window_closed(in_doubt(NOW - age), NOW, set_back) is closed


@pytest.mark.parametrize("history", [in_doubt(0.0, doubts=0), in_doubt(None), History()])
def test_without_a_doubt_there_is_no_window(history):
    """A key that was answered may be old."""
    assert window_closed(history, NOW, 1e9) is False


def test_a_second_doubt_changes_nothing():
    """Only the first claim's age counts."""
    assert window_closed(in_doubt(NOW - HOURS_23 - 1, doubts=2), NOW)
    assert window_closed(in_doubt(NOW - HOURS_23, doubts=2), NOW) is False


def test_the_window_leaves_an_hour_of_the_24():
    """The guide's 24 hours, less one to spare."""
    assert WINDOW_SECONDS == HOURS_23


def test_a_clock_set_back_is_lost_time():
    """And adds up; what is within a second is the time between two looks."""
    drift = Drift()
    assert (drift.lost_seconds, drift.gained_seconds) == (0.0, 0.0)
    assert drift.watch(1000.0, 50.0) == 0.0
    assert drift.watch(1010.0, 60.0) == 0.0
    assert drift.watch(1009.0, 60.0) == 0.0  # a second exactly
    assert drift.watch(909.0, 60.0) == 100.0
    assert drift.watch(919.0, 70.0) == 100.0
    assert drift.watch(907.0, 70.0) == 112.0
    assert (drift.lost_seconds, drift.gained_seconds) == (112.0, 0.0)


def test_a_clock_set_forward_is_gained_time():
    """As a laptop's that slept; it is no lost time."""
    drift = Drift()
    drift.watch(0.0, 0.0)
    assert drift.watch(1.0, 0.0) == 0.0  # a second exactly
    assert drift.gained_seconds == 0.0
    assert drift.watch(11.0, 0.0) == 0.0
    assert drift.watch(31.0, 0.0) == 0.0
    assert (drift.lost_seconds, drift.gained_seconds) == (0.0, 30.0)


def test_the_first_look_is_no_jump():
    """However far apart the clocks are, and by whatever little more at the next."""
    drift = Drift()
    drift.watch(5e9, 1.0)
    drift.watch(5e9 - 1.5, 1.0)
    assert (drift.lost_seconds, drift.gained_seconds) == (1.5, 0.0)
