"""What earlier runs leave of the day's quota."""

from __future__ import annotations

from tests.flows.test_flows import subscriptions


def test_earlier_runs_of_the_tenant_use_up_the_days_quota(tmp_path, regen, simulator):
    """Read from their ledgers: the second run of the day has what the first one left; exit 5, resumable."""
    config = tmp_path / "regen.toml"
    first, second = subscriptions(tmp_path / "a.csv", 30), subscriptions(tmp_path / "b.csv", 31)
    with simulator() as server:
        config.write_text(
            f'default_profile = "p"\n[profile.p]\nbase_url = "{server.url}"\nquota_share = 1.0\n'
            "[profile.p.limits]\nminute = 60000\nhour = 60000\nday = 50\n"
        )
        assert regen("run", first).code == 0
        done = regen("run", second)
        assert (done.code, server.arrivals()) == (5, 50)
        assert "quota for the day is spent" in done.err
