"""What a host says of the kind of its tenant, and what a person is told where it does not say it."""

from __future__ import annotations

import pytest

from runner.config.settings import Flags, gather
from runner.system.hosts import canonical_url
from runner.zuora.tenants import ENDPOINTS, kind_of, other_kind


@pytest.mark.parametrize(
    ("host", "kind", "note"),
    [
        ("rest.test.zuora.com", "developer-sandbox", "--tenant central-sandbox"),
        ("REST.test.eu.zuora.com.", "developer-sandbox", "--tenant central-sandbox"),
        ("rest.test.ap.zuora.com", "developer-sandbox", "--tenant central-sandbox"),
        ("rest.zuora.com", "production", None),
        ("rest.apisandbox.zuora.com", "api-sandbox", None),
        ("rest.sandbox.na.zuora.com", "api-sandbox", None),
        ("127.0.0.1", "none", None),
        ("localhost", "none", None),
        ("gateway.example.com", "api-sandbox", "not a known host of Zuora"),
        ("rest.pt1.zuora.com", "api-sandbox", "not a known host of Zuora"),
    ],
)
def test_kinds(host, kind, note):
    """The strictest kind that it can be; where another is possible, how to say so."""
    assert kind_of(host) == kind
    assert (other_kind(host) is None) == (note is None)
    assert note is None or note in str(other_kind(host))


@pytest.mark.parametrize("name", ["us-sandbox", "eu-sandbox", "ap-sandbox"])
def test_a_short_name_says_which_kind_it_took(tmp_path, regen, name):
    """In the plan; not where a person, a profile or the tenant's own numbers have said it."""
    (tmp_path / "s.csv").write_text("subscriptionName,subscriptionVersion\nA-1,1\n")
    words = ("plan", "s.csv", "--base-url", name)
    plan = regen(*words).out
    assert f"{ENDPOINTS[name]} (developer-sandbox limits)" in plan and "Central: --tenant central-sandbox" in plan
    assert "Central:" not in regen(*words, "--tenant", "developer-sandbox").out
    (tmp_path / "regen.toml").write_text("[profile.p]\nlimits = { minute = 100 }\n")
    assert "Central:" not in regen(*words, "--profile", "p").out


@pytest.mark.parametrize(
    ("url", "host", "tenant"),
    [
        ("https://rest.zuora.com", "rest.zuora.com", "production"),
        ("https://rest.test.eu.zuora.com", "rest.test.eu.zuora.com", "developer-sandbox"),
        ("https://rest.apisandbox.zuora.com", "rest.apisandbox.zuora.com", "api-sandbox"),
        ("https://gateway.invalid:8443", "gateway.invalid:8443", "api-sandbox"),
        ("http://127.0.0.1:9080", "127.0.0.1:9080", "none"),
        ("http://[::1]:9080", "[::1]:9080", "none"),
        ("http://localhost", "localhost", "none"),
    ],
)
def test_hosts_and_their_kind(url, host, tenant):
    """The strictest that it can be; nothing on this machine."""
    settings = gather(Flags(base_url=url), {})
    assert (settings.host, settings.tenant) == (host, tenant)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:9080", "127.0.0.1:9080"),
        ("http://localhost:80", "localhost"),
        ("http://LOCALHOST.:9080/", "localhost:9080"),
        ("http://[::1]:9080", "[::1]:9080"),
        ("http://[0:0:0:0:0:0:0:1]", "[::1]"),
        ("https://gateway.example.com/zuora/", "gateway.example.com"),
        ("https://my_host.internal:8443", "my_host.internal:8443"),
    ],
)
def test_hosts_of_every_kind(url, host):
    """Names, addresses, ports; the key's part of a URL that was canonical before is what it was."""
    assert canonical_url(url).host == host
