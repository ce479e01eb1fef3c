"""The window of a key: how long one in doubt may be sent again, whatever the clocks do. Pure; times are handed in."""

from __future__ import annotations

from runner.domain.lifetimes import KEY_SECONDS
from runner.domain.model import History

CLOCK_SLACK_SECONDS = 60.0  # a clock set back by less closes no window: the hour to spare covers it
LEAST_JUMP_SECONDS = 1.0  # less is the time that passes between two looks


def window_closed(history: History, now: float, set_back_seconds: float = 0.0) -> bool:
    """Whether a generation in doubt may not be sent again: its key may be forgotten by now.

    A first claim that lies in the future says that the clock was set back: then nothing is known of its age. Any claim
    may be older than it looks by what the clock was seen to be set back.
    """
    if history.doubts == 0 or history.claimed_at is None:
        return False
    age = now - history.claimed_at
    return age + set_back_seconds > KEY_SECONDS or age < -CLOCK_SLACK_SECONDS


class Drift:
    """How far the wall clock jumped back, and forward, while this process watched it beside the one that only goes on.

    The latter stands still while a laptop sleeps: then the wall clock gains on it, and nobody can tell that from a
    clock that was set. Each is taken for what is safer: for the age of a key the time has passed, for the end of the
    work behind a 409 it has not.
    """

    def __init__(self) -> None:
        self.lost_seconds = 0.0
        self.gained_seconds = 0.0
        self._lead: float | None = None

    def watch(self, wall: float, steady: float) -> float:
        """Compare the clocks once more; the seconds lost in all."""
        lead = steady - wall
        jump = 0.0 if self._lead is None else lead - self._lead
        if jump > LEAST_JUMP_SECONDS:
            self.lost_seconds += jump
        elif jump < -LEAST_JUMP_SECONDS:
            self.gained_seconds -= jump
        self._lead = lead
        return self.lost_seconds
