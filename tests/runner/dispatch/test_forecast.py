"""How long it will take, and which limit says so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runner.dispatch.forecast import forecast
from runner.dispatch.quota import DAY, HOUR, MINUTE, Quota

API_SANDBOX = {MINUTE: 2500, HOUR: 5000, DAY: 10_000}
PRODUCTION = {MINUTE: 50_000, HOUR: 2_250_000, DAY: 27_000_000}
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("requests", "windows", "rate", "seconds", "binding"),
    [
        (100_000, API_SANDBOX, None, 12 * 86_400, "day's quota"),
        (100_000, PRODUCTION, None, 100_000 * 0.25 / 30, "concurrency"),
        (100_000, PRODUCTION, 20, 5000, "--rate 20"),
        (9_000, {HOUR: 5000, MINUTE: 2500}, None, 2 * 3600, "hour's quota"),
        (4_000, API_SANDBOX, None, 120, "minute's quota"),
        (3_000, {}, None, 25, "concurrency"),
    ],
)
def test_the_window_that_binds(requests, windows, rate, seconds, binding):
    """100,000 rows are minutes in production and twelve days at 0.8 of an API sandbox."""
    result = forecast(requests, quota=Quota(windows, 0.8), rate=rate, concurrency=30)
    assert result.seconds == pytest.approx(seconds, rel=0.01)
    assert binding in result.binding


def test_what_it_says():
    """On which day it ends; that keys do not last so long; what a night's share makes of it."""
    lines = forecast(100_000, quota=Quota(API_SANDBOX, 0.8), rate=None, concurrency=30).lines(NOON)
    assert "until 2026-12-03 12:00 UTC" in lines[0]
    assert "longer than its keys last" in lines[1]
    assert lines[2] == "with --max-requests 8000 a night: 13 nights"
    result = forecast(100, quota=Quota({}, 0.8), rate=None, concurrency=30)
    assert len(result.lines(NOON)) == 1
    assert result.lines(NOON, 100)[-1] == "with --max-requests 100 a night: 1 night"
    assert forecast(0, quota=Quota({}, 0.8), rate=None, concurrency=30).lines(NOON) == ["nothing to send"]
