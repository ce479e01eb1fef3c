"""Kinds of tenant: which host they live at and what they allow.

Sources: Zuora API reference, "Base URLs" and "Rate and concurrent request limits" (limits are per tenant).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True)
class Quota:
    """Requests that a tenant may make; a request that fails counts too."""

    minute: int
    hour: int
    day: int


QUOTAS: dict[str, Quota | None] = {
    "production": Quota(50_000, 2_250_000, 27_000_000),
    "central-sandbox": Quota(50_000, 2_250_000, 27_000_000),
    "developer-sandbox": Quota(12_500, 25_000, 50_000),
    "api-sandbox": Quota(2_500, 5_000, 10_000),
    "none": None,
}

PRODUCTION_HOSTS = frozenset({"rest.zuora.com", "rest.na.zuora.com", "rest.eu.zuora.com", "rest.ap.zuora.com"})
SANDBOX_HOSTS = frozenset({"rest.test.zuora.com", "rest.test.eu.zuora.com", "rest.test.ap.zuora.com"})


def is_loopback(host: str) -> bool:
    """Whether a host name or address (without port) is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_production(host: str) -> bool:
    """Whether a host (without port) serves production tenants."""
    return host.lower() in PRODUCTION_HOSTS


def kind_of(host: str) -> str:
    """The kind of tenant behind a host: the strictest that it can be; `none` on this machine."""
    if is_loopback(host):
        return "none"
    if is_production(host):
        return "production"
    if host.lower() in SANDBOX_HOSTS:
        return "developer-sandbox"  # or a central sandbox, which allows more
    return "api-sandbox"
