"""Moments as people write and read them."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from runner.system.timestamps import next_occurrence


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="no zone can be set")
@pytest.mark.parametrize("evening", ["2026-03-07 22:00", "2026-10-31 22:00", "2026-06-01 22:00"])
def test_until_is_what_the_clock_on_the_wall_shows(evening, monkeypatch):
    """Also in the nights in which it is set."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        now = datetime.fromisoformat(evening)
        then = time.localtime(next_occurrence("06:00", now))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (then.tm_hour, then.tm_min) == (6, 0)
    assert then.tm_yday == now.timetuple().tm_yday + 1
