"""How much of the tenant's quota is left."""

from __future__ import annotations

from runner.dispatch.forecast import forecast
from runner.dispatch.quota import DAY, Quota


def test_what_was_sent_today_counts():
    """The day's share is partly used up."""
    quota = Quota({DAY: 1000}, 1.0)
    assert forecast(900, quota=quota, rate=None, concurrency=30).seconds < 60
    quota.spend(1e9, 500)
    assert forecast(900, quota=quota, rate=None, concurrency=30).seconds == 86_400
