"""The doctor goes the way of a run: its proxy, its authorities, its HTTP stack; what breaks there is named."""

from __future__ import annotations

import socket
import threading

import pytest

from runner.doctor.network import line
from tests.harness.imposter import Response, imposter, made_certificate, tunnelling

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
