"""Kinds of tenant: which host they live at and what they allow.

Sources: Zuora API reference, "Base URLs" and "Rate and concurrent request limits" (limits are per tenant).
"""

from __future__ import annotations

from dataclasses import dataclass

from runner.system.hosts import is_loopback


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
ZUORA_DOMAIN = ".zuora.com"
HARMLESS_LABELS = frozenset({"test", "sandbox", "apisandbox"})

# Short names. The United States have two clouds: `us` is the second (rest.zuora.com), `na` the first (rest.na).
ENDPOINTS = {
    "us-production": "https://rest.zuora.com",
    "na-production": "https://rest.na.zuora.com",
    "eu-production": "https://rest.eu.zuora.com",
    "ap-production": "https://rest.ap.zuora.com",
    "us-sandbox": "https://rest.test.zuora.com",
    "eu-sandbox": "https://rest.test.eu.zuora.com",
    "ap-sandbox": "https://rest.test.ap.zuora.com",
    "us-api-sandbox": "https://rest.apisandbox.zuora.com",
    "na-api-sandbox": "https://rest.sandbox.na.zuora.com",
    "eu-api-sandbox": "https://rest.sandbox.eu.zuora.com",
    "simulator": "http://127.0.0.1:9080",
}


def is_production(host: str) -> bool:
    """Whether a host (without port) serves production tenants."""
    return _plain(host) in PRODUCTION_HOSTS


def may_be_production(host: str) -> bool:
    """Whether a host (without port) must be treated with a production tenant's care: it is known as one, or it
    is a host of Zuora's that nothing shows to be a sandbox."""
    labels = _plain(host).split(".")
    zuora = _plain(host).endswith(ZUORA_DOMAIN) and not HARMLESS_LABELS.intersection(labels)
    return is_production(host) or zuora


def _plain(host: str) -> str:
    return host.lower().rstrip(".")  # a name may end with the root's dot and is the same host


def kind_of(host: str) -> str:
    """The kind of tenant behind a host: the strictest that it can be; `none` on this machine."""
    if is_loopback(host):
        return "none"
    if is_production(host):
        return "production"
    if _plain(host) in SANDBOX_HOSTS:
        return "developer-sandbox"  # or a central sandbox, which allows more
    return "api-sandbox"


def other_kind(host: str) -> str | None:
    """What else a tenant at this host may be than `kind_of` assumes, and how to say so; None where that is certain."""
    plain = _plain(host)
    if is_loopback(host) or is_production(host):
        return None
    if plain in SANDBOX_HOSTS:
        return f"{plain} has developer and central sandboxes; the lower limits apply. Central: --tenant central-sandbox"
    if plain.endswith(ZUORA_DOMAIN) and HARMLESS_LABELS.intersection(plain.split(".")):
        return None
    return f"{plain} is not a known host of Zuora; the lowest limits apply. Another kind: --tenant KIND"


def limits_in_words(kind: str) -> str:
    """Whose limits hold, for people: `central-sandbox limits`; of a tenant of no known kind `no known limits`."""
    return "no known limits" if QUOTAS.get(kind) is None else f"{kind} limits"
