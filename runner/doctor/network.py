"""The way to the tenant: proxy, name, connection, certificate, and what time the server thinks it is.

Asks once, without a token, by a connection of its own: what is seen is the network's, not the client's. Certificates
are checked as the client checks them, against the system's authorities or those in SSL_CERT_FILE.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from runner import __version__
from runner.doctor.finding import Finding, fail, ok, warn
from runner.system.timestamps import duration
from runner.zuora.connection import environment_proxy, trusted
from runner.zuora.jobs.listing import LIST_PATH

SKEW_SECONDS = (60.0, 3600.0)  # from here on worth a word; from here on times in logs and tickets are wrong
EXPIRY_SECONDS = 21 * 86_400.0
MOST_BYTES = 65_536
REFUSED = (OSError, http.client.HTTPException, ssl.SSLError, ValueError)
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


def line(base_url: str, timeout_seconds: float, now: Callable[[], float] = time.time) -> Iterator[Finding]:
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
        seen = _get(url, end if proxy else None, timeout_seconds, now)
    except ssl.SSLCertVerificationError as error:
        yield fail("tls", f"the certificate is not accepted: {error.verify_message}", TLS_REMEDY)
        return
    except REFUSED as error:
        message = f"{end.hostname}:{_port(end)} cannot be talked to: {error or type(error).__name__}"
        yield fail("connection", message, "check base URL, firewall and proxy; `curl -v` with the same URL tells more")
        return
    yield _tls_finding(seen, now())
    yield _clock_finding(seen)


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


def _get(url: SplitResult, proxy: SplitResult | None, timeout: float, now: Callable[[], float]) -> Seen:
    """One GET without a token. Raises OSError, HTTPException or ValueError."""
    connection = _connection(url, proxy, timeout)
    headers = {"User-Agent": f"regeneration-runner/{__version__}", "Host": url.netloc, "Connection": "close"}
    path = url.path.rstrip("/") + LIST_PATH
    with contextlib.closing(connection):
        connection.connect()
        whole = f"{url.scheme}://{url.netloc}{path}" if proxy and url.scheme == "http" else path
        sent_at = now()
        connection.request("GET", whole, headers=headers)
        answer = connection.getresponse()
        answered_at = now()
        answer.read(MOST_BYTES)
        secure = connection.sock if isinstance(connection.sock, ssl.SSLSocket) else None
        certificate = secure.getpeercert() if secure else None
        protocol = secure.version() if secure else None
    return Seen(answer.status, answer.getheader("Date"), sent_at, answered_at, certificate, protocol)


def _connection(url: SplitResult, proxy: SplitResult | None, timeout: float) -> http.client.HTTPConnection:
    end = proxy or url
    host, port = end.hostname or "", _port(end)
    if url.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=timeout)
    connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=trusted())
    if proxy is not None:
        connection.set_tunnel(url.hostname or "", _port(url), _authorization(proxy))
    return connection


def _authorization(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    named = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(named).decode()}"}


def _tls_finding(seen: Seen, now: float) -> Finding:
    if seen.certificate is None:
        return ok("tls", "none: plain http, which is for this machine alone")
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
        return warn("clock", "the server does not tell its time", "make sure that this machine's clock is set by NTP")
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
