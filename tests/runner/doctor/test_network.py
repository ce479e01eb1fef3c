"""The doctor goes the way of a run: its proxy, its authorities, its HTTP stack; what breaks there is named."""

from __future__ import annotations

import socket
import threading

import pytest

from runner.doctor.network import line
from tests.flows.test_flows import subscriptions
from tests.harness.imposter import Response, imposter, made_certificate, tunnelling
from tests.harness.program import simulated
from tests.runner.doctor.test_checks import levels, line_of

HOST = "https://tenant.test"


def findings(url: str) -> dict[str, tuple[str, str]]:
    return {finding.name: (finding.level.value, finding.message) for finding in line(url, 5.0)}


@pytest.fixture
def proxied(monkeypatch):
    """Sets HTTPS_PROXY, for every host."""

    def through(url: str) -> None:
        for name in ("NO_PROXY", "no_proxy", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTPS_PROXY", url)

    return through


def test_through_a_proxy_that_tunnels(tmp_path, monkeypatch, proxied):
    """With the proxy's password, and the certificate of the tenant behind it."""
    both = made_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(both))
    with imposter(certificate=both) as server, tunnelling() as proxy:
        port = server.url.rpartition(":")[2]
        proxied(proxy.url.replace("http://", "http://someone:hush@"))
        seen = findings(f"{HOST}:{port}")
    assert [level for level, _ in seen.values()] == ["ok"] * 4
    assert "localhost" in seen["proxy"][1] and "hush" not in str(seen)
    assert [call.method for call in proxy.seen] == ["CONNECT"]
    assert "Proxy-Authorization" in proxy.seen[0].headers


@pytest.mark.parametrize("status", [407, 403, 502])
def test_a_proxy_that_refuses(proxied, status):
    with imposter(lambda call: Response(status)) as proxy:
        proxied(proxy.url)
        level, message = findings(HOST)["connection"]
    assert level == "fail" and "no response" in message


def test_certificates(tmp_path, monkeypatch):
    both = made_certificate(tmp_path)
    with imposter(certificate=both) as server:
        level, message = findings(server.url)["tls"]
        assert (level, server.seen) == ("fail", []) and "self" in message
        assert findings(server.url.replace("https", "http"))["connection"][0] == "fail"
    with imposter() as server:
        assert findings(server.url.replace("http", "https"))["tls"][0] == "fail"


@pytest.mark.parametrize("words", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
def test_what_is_no_web_server(words):
    """Named within seconds, whatever it is."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            end, _ = server.accept()
            with end:
                end.recv(65_536)
                end.sendall(words)

        thread = threading.Thread(target=answer)
        thread.start()
        level, message = findings(f"http://127.0.0.1:{server.getsockname()[1]}")["connection"]
        thread.join()
    assert level == "fail" and "no response: " in message


@pytest.mark.parametrize(
    ("skew", "level", "code"), [(20, "ok", 0), (600, "warn", 0), (-600, "warn", 0), (-9000, "fail", 2)]
)
def test_clocks_that_differ(regen, skew, level, code):
    """A minute is worth a word, an hour makes results untrue; ahead and behind are told apart."""
    with imposter(skew=skew) as server:
        done = regen("doctor", "--base-url", server.url, "--json")
    assert (levels(done)["clock"], done.code) == (level, code)
    assert ("behind" if skew > 0 else "ahead of") in line_of(done, "clock")


def test_a_host_without_address_and_one_that_is_silent(regen, monkeypatch):
    """What lies behind is not looked at."""
    done = regen("doctor", "--base-url", "https://tenant.invalid", "--json")
    assert (done.code, levels(done)["dns"]) == (2, "fail")
    assert "token" not in levels(done)
    done = regen("doctor", "--base-url", "http://127.0.0.1:9", "--json")
    assert (done.code, levels(done)["connection"]) == (2, "fail")
    assert "token" not in levels(done)


def test_a_certificate_that_nobody_signed(tmp_path, regen, monkeypatch):
    """Refused, before any credential is sent; accepted once it is named, with its time left."""
    both = made_certificate(tmp_path, days=5)
    with imposter(certificate=both) as server:
        done = regen("doctor", "--base-url", server.url, "--json")
        assert (done.code, levels(done)["tls"]) == (2, "fail")
        assert "SSL_CERT_FILE" in line_of(done, "tls")
        assert server.seen == []
        monkeypatch.setenv("SSL_CERT_FILE", str(both))
        done = regen("doctor", "--base-url", server.url, "--json")
        assert (done.code, levels(done)["tls"]) == (0, "warn")
        assert "TLSv1" in line_of(done, "tls")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST."])
def test_no_proxy_to_this_machine(tmp_path, regen, monkeypatch, host):
    """A proxy would get id and secret in clear text."""
    with imposter() as proxy, simulated() as server:
        url = server.url.replace("127.0.0.1", host)
        with monkeypatch.context() as patch:
            for name in ("http_proxy", "HTTP_PROXY"):
                patch.setenv(name, proxy.url)
            for name in ("no_proxy", "NO_PROXY"):
                patch.setenv(name, "")
            done = regen("doctor", "--base-url", url, "--json")
            assert regen("run", subscriptions(tmp_path / "s.csv", 2), "--base-url", url).code == 0
        assert levels(done)["proxy"] == "ok"
        assert proxy.seen == []
        assert len(server.regenerations()) == 2
