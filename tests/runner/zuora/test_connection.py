"""Certificate authorities: those that are named, else the system's, wherever the system keeps them."""

from __future__ import annotations

import asyncio
import ssl
import sys

import pytest
import trustme
import truststore

from runner.config.settings import Flags, gather
from runner.domain.errors import Refused
from runner.zuora import connection
from runner.zuora.connection import AUTHORITIES, environment_proxy, trusted


@pytest.fixture(autouse=True)
def unnamed(monkeypatch):
    for name in AUTHORITIES:
        monkeypatch.delenv(name, raising=False)


def test_the_systems_authorities(monkeypatch):
    """Those of a keychain, and those that this build of Python does not find, are truststore's."""
    assert not isinstance(trusted(), truststore.SSLContext)
    with monkeypatch.context() as patch:
        patch.setattr(connection, "_in_keychain", lambda: True)
        assert isinstance(trusted(), truststore.SSLContext)
    with monkeypatch.context() as patch:
        patch.setattr(connection, "_has_authorities", lambda context: False)
        assert isinstance(trusted(), truststore.SSLContext)


@pytest.mark.parametrize("keychain", [True, False])
def test_named_authorities_come_first(monkeypatch, tmp_path, keychain):
    """On every system: an administrator who names a file means it."""
    authority = tmp_path / "authority.pem"
    trustme.CA().cert_pem.write_to_path(authority)
    monkeypatch.setattr(connection, "_in_keychain", lambda: keychain)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    context = trusted()
    assert not isinstance(context, truststore.SSLContext)
    assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT


@pytest.mark.parametrize(("name", "kind"), [("SSL_CERT_FILE", "file"), ("SSL_CERT_DIR", "folder")])
def test_authorities_that_are_not_there_are_refused(monkeypatch, name, kind):
    """Before a run, by name: every certificate would be refused for a reason that nobody sees."""
    monkeypatch.setenv(name, "/no/such/authorities")
    with pytest.raises(Refused, match=f"{name}: there is no {kind} /no/such/authorities"):
        gather(Flags(base_url="https://rest.test.zuora.com"), {})
    assert gather(Flags(base_url="http://127.0.0.1:1"), {}).host == "127.0.0.1:1"


@pytest.mark.skipif(sys.platform != "linux", reason="keychains are not changed by a test")
@pytest.mark.parametrize("store", ["named", "truststore"])
async def test_a_companys_authority(monkeypatch, tmp_path, store):
    """Its certificates are accepted once the machine knows it, and refused before; for this host alone."""
    authority = trustme.CA()
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]

    async def connected(name: str) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusted(), server_hostname=name)
        writer.close()

    async with server:
        with pytest.raises(ssl.SSLCertVerificationError):
            await connected("localhost")
        if store == "named":
            monkeypatch.setenv("SSL_CERT_FILE", str(file))
        else:  # as where the system's own file has it: truststore reads OpenSSL's variable too
            monkeypatch.setattr(connection, "AUTHORITIES", ("NO_FILE", "NO_FOLDER"))
            monkeypatch.setattr(connection, "_in_keychain", lambda: True)
            monkeypatch.setenv("SSL_CERT_FILE", str(file))
            assert isinstance(trusted(), truststore.SSLContext)
        await connected("localhost")
        with pytest.raises(ssl.SSLCertVerificationError):
            await connected("other.test")


def test_the_proxy_comes_from_the_environment(monkeypatch):
    """HTTPS_PROXY and NO_PROXY; loopback is exempt where the person says so."""
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1,rest.eu.zuora.com")
    assert environment_proxy("https://rest.test.zuora.com") == "http://proxy.invalid:3128"
    assert environment_proxy("https://rest.eu.zuora.com") is None
    assert environment_proxy("http://127.0.0.1:9080") is None
