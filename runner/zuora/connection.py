"""What the client needs to know to reach a tenant: base URL, credentials, headers, time-outs."""

from __future__ import annotations

import os
import ssl
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from yarl import URL

from runner import __version__
from runner.domain.errors import Refused
from runner.system.hosts import is_loopback
from runner.zuora.auth import Credentials

AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path


@dataclass(frozen=True)
class Wire:
    """How to reach the tenant. Times in seconds."""

    base_url: str
    credentials: Credentials
    concurrency: int = 30
    connect_seconds: float = 10.0
    request_seconds: float = 130.0
    entity_ids: tuple[str, ...] = ()
    org_ids: tuple[str, ...] = ()
    zuora_version: str | None = None
    read_only: bool = False


def trusted() -> ssl.SSLContext:
    """Certificates and host names are always checked, against the authorities that SSL_CERT_FILE and SSL_CERT_DIR name,
    else against those of the system, a company's own among them. There is no way to switch that off.

    Raises Refused if SSL_CERT_FILE or SSL_CERT_DIR names nothing.
    """
    refuse_missing_authorities()
    context = ssl.create_default_context()
    if not any(os.environ.get(name) for name in AUTHORITIES) and (_in_keychain() or not _has_authorities(context)):
        import truststore

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The strict rules, Python's default from 3.13 on, refuse the certificates of many companies' proxies.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(("http/1.1",))
    return context


def _in_keychain() -> bool:
    """Whether the system keeps its authorities where OpenSSL does not look."""
    return sys.platform in ("darwin", "win32")


def _has_authorities(context: ssl.SSLContext) -> bool:
    """Whether OpenSSL found the system's authorities: some builds of Python look in a folder that is not there.

    truststore finds them too, but reads them again for every connection (40 ms), so that it is the second choice.
    """
    return context.cert_store_stats()["x509_ca"] > 0 or ssl.get_default_verify_paths().cafile is not None


def refuse_missing_authorities() -> None:
    """Raises Refused if SSL_CERT_FILE or SSL_CERT_DIR names nothing: every certificate would be refused."""
    for name, kind, exists in zip(AUTHORITIES, ("file", "folder"), (Path.is_file, Path.is_dir), strict=True):
        path = os.environ.get(name)
        if path and not exists(Path(path)):
            raise Refused(f"{name}: there is no {kind} {path}; correct or unset it")


def session_headers(wire: Wire) -> dict[str, str]:
    """The headers that every request of the run carries."""
    headers = {"User-Agent": f"regeneration-runner/{__version__}", "Accept-Encoding": "gzip"}
    if wire.entity_ids:
        headers["Zuora-Entity-Ids"] = ",".join(wire.entity_ids)
    if wire.org_ids:
        headers["Zuora-Org-Ids"] = ",".join(wire.org_ids)
    if wire.zuora_version:
        headers["Zuora-Version"] = wire.zuora_version
    return headers


def environment_proxy(url: str) -> str | None:
    """The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name for this URL; never one for this machine.

    Read here and not by aiohttp's `trust_env`, which would let ~/.netrc replace the Authorization header.
    Raises Refused for a value that is not the URL of an HTTP proxy.
    """
    parts = URL(url)
    if not parts.host or is_loopback(parts.host) or urllib.request.proxy_bypass(f"{parts.host}:{parts.port}"):
        return None
    proxy = (urllib.request.getproxies().get(parts.scheme) or "").strip()
    if not proxy:
        return None
    variable, (scheme, separator, rest) = f"{parts.scheme.upper()}_PROXY", proxy.partition("://")
    if not separator or scheme.lower() not in ("http", "https") or not _has_host(proxy):
        shown = (rest or scheme).rpartition("@")[2]  # without a password
        raise Refused(f"{variable}: expected the URL of an HTTP proxy, such as http://{shown or 'proxy:3128'}")
    return proxy


def _has_host(proxy: str) -> bool:
    try:
        parts = URL(proxy)
        return bool(parts.host and parts.port)
    except ValueError:
        return False
