"""Which tenants are guarded as production."""

from __future__ import annotations

import pytest

from runner.zuora.tenants import may_be_production
from tests.flows.test_flows import subscriptions


@pytest.mark.parametrize(
    ("host", "guarded"),
    [
        ("rest.zuora.com", True),
        ("REST.zuora.com", True),
        ("rest.zuora.com.", True),
        ("rest.eu.zuora.com", True),
        ("rest.moon.zuora.com", True),
        ("rest.test.zuora.com", False),
        ("rest.apisandbox.zuora.com", False),
        ("rest.sandbox.na.zuora.com", False),
        ("zuora.com.example.org", False),
        ("127.0.0.1", False),
    ],
)
def test_which_hosts_are_guarded(host, guarded):
    """The known ones however they are spelt, and Zuora's hosts that nothing tells to be a sandbox."""
    assert may_be_production(host) is guarded


def test_a_profile_that_names_its_tenant_production_is_guarded(tmp_path, regen):
    """A gateway in front of production has another name."""
    (tmp_path / "regen.toml").write_text("[profile.p]\nbase_url = 'https://gw.invalid'\ntenant = 'production'\n")
    refused = regen("run", subscriptions(tmp_path / "s.csv", 1), "--profile", "p")
    assert refused.code == 2
    assert "gw.invalid is production" in refused.err
