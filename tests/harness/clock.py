"""A wall clock that tests move. Everything of this process reads it: `time.time` and `time.time_ns`."""

from __future__ import annotations

import time

import pytest

_time, _time_ns = time.time, time.time_ns


class WallClock:
    """The machine's own clock, shifted; `forward` moves it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.shift_seconds = 0.0
        patch.setattr(time, "time", lambda: _time() + self.shift_seconds)
        patch.setattr(time, "time_ns", lambda: _time_ns() + int(self.shift_seconds * 1e9))

    def forward(self, *, hours: float = 0, minutes: float = 0) -> None:
        """Let so much time pass."""
        self.shift_seconds += hours * 3600 + minutes * 60

    def at(self, epoch: float) -> None:
        """Set the clock to a moment, in seconds since the epoch."""
        self.shift_seconds = epoch - _time()


@pytest.fixture
def clock(monkeypatch) -> WallClock:
    """The wall clock, to be moved."""
    return WallClock(monkeypatch)
