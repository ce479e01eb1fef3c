"""The way to the tenant: proxy, name, connection, certificate, and what time the server thinks it is.

One GET without a token, by the proxy, the certificate authorities and the HTTP stack of a run: what works here works
there.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.connector import Connection

from runner import __version__
from runner.doctor.finding import Finding, fail, ok, warn
from runner.system.timestamps import duration
from runner.zuora.connection import environment_proxy, trusted
from runner.zuora.jobs.listing import LIST_PATH

SKEW_SECONDS = (60.0, 3600.0)  # from here on worth a word; from here on times in logs and tickets are wrong
EXPIRY_SECONDS = 21 * 86_400.0
DNS_REMEDY = "check the base URL, the name server and, behind a proxy, HTTPS_PROXY"
TLS_REMEDY = (
    "if a proxy of yours signs what passes, name its authority in SSL_CERT_FILE; otherwise somebody may be in between: "
    "send nothing"
)


@dataclass(frozen=True)
class Seen:
    """What came back, and when: seconds since the epoch by the local clock."""

    status: int
    date: str | None
    sent_at: float
    answered_at: float
    certificate: dict[str, Any] | None
    protocol: str | None


def line(base_url: str, timeout_seconds: float) -> Iterator[Finding]:
    """The findings on the way to the tenant, as far as it can be gone. Ends with the clock's if all is well."""
    url = urlsplit(base_url)
    proxy = environment_proxy(base_url)
    yield _proxy_finding(proxy)
    end = urlsplit(proxy) if proxy else url
    resolved = _resolved(end)
    yield resolved
    if resolved.level == "fail":
        return
    try:
        seen = asyncio.run(_get(base_url, timeout_seconds))
    except aiohttp.ClientConnectorCertificateError as error:
        yield fail("tls", f"the certificate is not accepted: {_reason(error)}", TLS_REMEDY)
        return
    except aiohttp.ClientConnectorSSLError as error:
        yield fail("tls", f"no TLS connection: {error.os_error.strerror or error}", TLS_REMEDY)
        return
    except (aiohttp.ClientError, OSError, ValueError) as error:
        message = f"{end.hostname}:{_port(end)}: no response: {_silence(error)}"
        yield fail("connection", message, "check base URL, firewall and proxy; `curl -v` with the same URL shows more")
        return
    yield _tls_finding(seen, time.time())
    yield _clock_finding(seen)


def _reason(error: aiohttp.ClientConnectorCertificateError) -> str:
    refused = error.certificate_error
    return refused.verify_message if isinstance(refused, ssl.SSLCertVerificationError) else str(refused)


def _silence(error: Exception) -> str:
    """Why there is no response, in the words of the system. The proxy's password is not among them."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answered HTTP {error.status}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return str(error.os_error.strerror or type(error.os_error).__name__)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__


def _proxy_finding(proxy: str | None) -> Finding:
    if proxy is None:
        return ok("proxy", "none: HTTPS_PROXY, HTTP_PROXY and NO_PROXY name none for this host")
    parts = urlsplit(proxy)
    if parts.scheme != "http":
        message = (
            f"{parts.scheme}://{parts.hostname}: only plain http proxies are known to work (TLS goes through them)"
        )
        return warn("proxy", message, "give the proxy as http://host:port")
    return ok("proxy", f"by {parts.scheme}://{parts.hostname}:{_port(parts)}")


def _resolved(end: SplitResult) -> Finding:
    host = end.hostname or ""
    try:
        addresses = socket.getaddrinfo(host, _port(end), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return fail("dns", f"{host} has no address: {error}", DNS_REMEDY)
    shown = sorted({str(address[4][0]) for address in addresses})
    return ok("dns", f"{host}: {', '.join(shown[:4])}{' …' if len(shown) > 4 else ''}")


def _port(end: SplitResult) -> int:
    return end.port or (443 if end.scheme == "https" else 80)


class _Watched(aiohttp.ClientResponse):
    """A response that notes when its request was sent and on what connection it came."""

    seen: Seen

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Read the head. The connection is looked at first: it is given back once the body has come."""
        secure = connection.transport.get_extra_info("ssl_object") if connection.transport is not None else None
        certificate, protocol = (secure.getpeercert(), secure.version()) if secure is not None else (None, None)
        sent_at = time.time()
        response = await super().start(connection)
        self.seen = Seen(self.status, self.headers.get("Date"), sent_at, time.time(), certificate, protocol)
        return response


async def _get(base_url: str, timeout_seconds: float) -> Seen:
    """One GET without a token, by the proxy, the authorities and the HTTP stack of a run.

    Raises aiohttp.ClientError, OSError or ValueError.
    """
    connector = aiohttp.TCPConnector(ssl=trusted() if base_url.startswith("https:") else True, force_close=True)
    url = base_url.rstrip("/") + LIST_PATH
    async with (
        aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"regeneration-runner/{__version__}"},
            auto_decompress=False,
            response_class=_Watched,
        ) as session,
        session.get(url, proxy=environment_proxy(base_url), allow_redirects=False) as response,
    ):
        assert isinstance(response, _Watched)
        return response.seen


def _tls_finding(seen: Seen, now: float) -> Finding:
    if seen.certificate is None:
        return ok("tls", "none: plain http, which is allowed only for this machine")
    issuer = dict(pair for part in seen.certificate.get("issuer", ()) for pair in part)
    name = issuer.get("organizationName") or issuer.get("commonName") or "an unnamed authority"
    left = ssl.cert_time_to_seconds(str(seen.certificate["notAfter"])) - now
    own = f", authorities from {os.environ['SSL_CERT_FILE']}" if os.environ.get("SSL_CERT_FILE") else ""
    message = f"{seen.protocol}, certificate by {name} for another {duration(left)}{own}"
    if left < EXPIRY_SECONDS:
        return warn("tls", message, "whoever runs this endpoint must renew its certificate")
    return ok("tls", message)


def _clock_finding(seen: Seen) -> Finding:
    """The server tells whole seconds: half of one, and half of the way there and back, are no skew."""
    try:
        theirs = parsedate_to_datetime(seen.date or "").timestamp() + 0.5
    except (ValueError, TypeError):
        return warn("clock", "the server does not send its time", "make sure that this machine's clock is set by NTP")
    middle = (seen.sent_at + seen.answered_at) / 2
    slack = 0.5 + (seen.answered_at - seen.sent_at) / 2
    skew = max(0.0, abs(middle - theirs) - slack)
    message = f"{duration(skew)} {'ahead of' if middle > theirs else 'behind'} the server's"
    remedy = "set this machine's clock by NTP: times in results and tickets come from it, and --until goes by it"
    if skew >= SKEW_SECONDS[1]:
        return fail("clock", message, remedy)
    if skew >= SKEW_SECONDS[0]:
        return warn("clock", message, remedy)
    return ok("clock", "agrees with the server's" if skew < 1 else message)
