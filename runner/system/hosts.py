"""Host names and base URLs, in the one form that everything uses: guard, tenant kind, idempotency key, connection.

Two programs that read a URL differently send requests to a host that nobody has checked. So everything that has more
than one reading is refused: characters outside ASCII (which IDNA may map to a dot or to nothing), white space, control
characters, backslashes, empty labels, user names, percent signs.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")


class UnusableUrl(ValueError):
    """A URL that is refused; the message says why and never shows a password."""


@dataclass(frozen=True)
class BaseUrl:
    """A base URL in canonical form."""

    scheme: str
    hostname: str  # lower case, without trailing dot, IPv6 without brackets
    port: int | None  # None for the scheme's own
    path: str  # without trailing slash

    @property
    def host(self) -> str:
        """`host[:port]`, IPv6 in brackets."""
        shown = f"[{self.hostname}]" if ":" in self.hostname else self.hostname
        return f"{shown}:{self.port}" if self.port else shown

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}{self.path}"


def is_loopback(host: str) -> bool:
    """Whether a host name or address (without port) is this machine."""
    host = host.lower().removesuffix(".")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def canonical_host(host: str) -> str:
    """A host name or address in its one form. Raises UnusableUrl."""
    host = host.lower().removesuffix(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        labels = host.split(".")
        if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
            raise UnusableUrl(f"{host!r} is not a host name") from None
        return host
    if "%" in host:
        raise UnusableUrl(f"{host!r}: an address with a zone cannot be used")
    return address.compressed


def canonical_url(url: str) -> BaseUrl:
    """A base URL in its one form. Raises UnusableUrl."""
    for character in url:
        if character in " \\" or not (character.isascii() and character.isprintable()):
            name = f"{character!a} (U+{ord(character):04X})" if character != " " else "a space"
            raise UnusableUrl(f"{url!a} contains {name}; type the address again, in plain letters")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UnusableUrl(f"{url!r}: {error}") from error
    if parts.scheme not in PORTS or not host:
        raise UnusableUrl(f"{url!r}: expected something like https://rest.test.zuora.com")
    return BaseUrl(parts.scheme, canonical_host(host), _port(port, parts), _path(parts))


def _port(port: int | None, parts: SplitResult) -> int | None:
    if port == 0:
        raise UnusableUrl("port 0 cannot be connected to")
    return None if port == PORTS[parts.scheme] else port


def _path(parts: SplitResult) -> str:
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or {".", ".."}.intersection(path.split("/")):
        raise UnusableUrl(f"path {parts.path!r}: only letters, digits, `.`, `_`, `~`, `-` and `/` can be used")
    return path
