"""Base URLs and proxies."""

from __future__ import annotations

import pytest

from runner.config.settings import Flags, gather
from runner.domain.errors import Refused
from tests.flows.test_flows import subscriptions


@pytest.mark.parametrize(
    "url",
    ["https://u:hush@x:99999", "ftp://u:hush@x", "u:hush@rest.zuora.com", "https://x/v1?token=hush", "hush@localhost"],
)
def test_a_secret_in_a_base_url_is_not_repeated(url):
    """Wherever it stands, and whatever else is wrong with the URL."""
    with pytest.raises(Refused, match="must not contain a user, password") as refused:
        gather(Flags(base_url=url), {})
    assert "hush" not in str(refused.value)


def test_a_tenant_that_cannot_be_reached(tmp_path, regen):
    """The first line says why nothing goes on, not only that it does not."""
    manifest = subscriptions(tmp_path / "s.csv", 1)
    done = regen("run", manifest, "--base-url", "http://127.0.0.1:1", "--outage-patience", 0.001)
    assert done.code == 4
    assert (
        "pausing 1 s: could not get an access token: connect: Cannot connect to host 127.0.0.1:1 [Connect" in done.err
    )


@pytest.mark.parametrize("url", ["https://rest．zuora．com", "https://rest.test..zuora.com", "https://rest.zuora.com "])
def test_a_base_url_with_two_readings_is_refused(url):
    """Before anything is sent; tests/runner/system/test_hosts.py has all of them."""
    with pytest.raises(Refused, match="base URL"):
        gather(Flags(base_url=url), {})


@pytest.mark.parametrize(
    "proxy", ["proxy:3128", "10.0.0.1:3128", "u:hush@proxy:3128", "socks5://proxy:1080", "http://"]
)
def test_a_proxy_that_cannot_be_used_is_refused(proxy, monkeypatch):
    """Named with what is expected, without its password, before anything begins."""
    for name in ("https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(Refused, match="HTTPS_PROXY: expected the URL of an HTTP proxy") as refused:
        gather(Flags(base_url="https://rest.test.zuora.com"), {})
    assert "hush" not in str(refused.value)
    assert gather(Flags(base_url="http://localhost:9080"), {}).host == "localhost:9080"
