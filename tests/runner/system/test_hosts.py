"""One canonical host: what could be read in two ways is refused, what means the same is the same."""

from __future__ import annotations

import pytest

from runner.system.hosts import UnusableUrl, canonical_host, canonical_url, is_loopback
from runner.zuora.tenants import kind_of, may_be_production


@pytest.mark.parametrize(
    "url",
    [
        "https://rest.zuora.com",
        "HTTPS://REST.Zuora.COM",
        "https://rest.zuora.com/",
        "https://rest.zuora.com.",
        "https://rest.zuora.com:443",
        "https://rest.zuora.com.:443/",
    ],
)
def test_spellings_of_one_host_are_one_host(url):
    """Guard, kind and key get the same name, and the connection goes there."""
    canonical = canonical_url(url)
    assert (str(canonical), canonical.host) == ("https://rest.zuora.com", "rest.zuora.com")
    assert may_be_production(canonical.hostname) and kind_of(canonical.hostname) == "production"


@pytest.mark.parametrize(
    "url",
    [
        "https://rest．zuora．com",
        "https://rest。zuora。com",
        "https://rest\u00ad.zuora.com",
        "https://rest.zuora\u200b.com",
        "https://ｒest.zuora.com",
        "https://rest.zuora.com ",
        " https://rest.zuora.com",
        "https://rest.zuora.com\n",
        "https://rest.zuo\tra.com",
        "https://rest.zuora.com\x00",
        "https://rest.zuora.com\\@localhost",
        "https://rest%2ezuora.com",
        "https://rest.test..zuora.com",
        "https://.zuora.com",
        "https://-rest.zuora.com",
        "https://rest.zuora.com..",
        "https://" + "a" * 64 + ".com",
        "https://" + ".".join(["abcdefgh"] * 30),
        "https://",
        "https:rest.zuora.com",
        "https://rest.zuora.com:0",
        "https://rest.zuora.com:65536",
        "https://rest.zuora.com:x",
        "https://[::1",
        "https://[fe80::1%eth0]",
        "https://rest.zuora.com/a/../b",
        "https://rest.zuora.com/%2e%2e",
    ],
)
def test_what_has_more_than_one_reading_is_refused(url):
    """By name, before anybody connects."""
    with pytest.raises(UnusableUrl):
        canonical_url(url)


def test_the_refusal_names_the_character():
    """It cannot be seen in the address."""
    with pytest.raises(UnusableUrl, match=r"U\+FF0E"):
        canonical_url("https://rest．zuora．com")
    with pytest.raises(UnusableUrl, match="a space"):
        canonical_url("https://rest.zuora.com ")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.8.8.8", "::1", "[::1]"])
def test_this_machine(host):
    """Plain http is allowed to it, and no proxy is used."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.example.com", "127.0.0.1.example.com", "0.0.0.0", "rest.zuora.com", ""])
def test_not_this_machine(host):
    """However much it looks like it."""
    assert not is_loopback(host)


def test_a_canonical_host_stays_as_it_is():
    """Also when it is read again."""
    for host in ("rest.zuora.com", "127.0.0.1", "::1"):
        assert canonical_host(canonical_host(host)) == host
