"""What the client needs to know to reach a tenant: base URL, credentials, headers, time-outs."""

from __future__ import annotations

import ssl
import urllib.request
from dataclasses import dataclass

from yarl import URL

from runner import __version__
from runner.domain.errors import Refused
from runner.system.hosts import is_loopback
from runner.zuora.auth import Credentials

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
    """Certificates and host names are always checked: against the system's authorities, or those that SSL_CERT_FILE
    and SSL_CERT_DIR name. There is no way to switch that off."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(("http/1.1",))
    return context


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
