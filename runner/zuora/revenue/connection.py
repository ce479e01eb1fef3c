"""Where Zuora Revenue's REST API is, and as whom it is used.

Sources: "Revenue API authentication" (OneID: `https://one.zuora.com/oauth2/token`, paths under `/revenue/api`),
"Authentication" (a tenant's own host: role and client name beside user and password).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from yarl import URL

from runner.zuora.auth import Credentials

_PATHS = ("/revenue/api/integration", "/revenue/api", "/revenue", "/api/integration", "/api")


class RevenueAuth(enum.StrEnum):
    """How a token is got: by a OneID client, or by user, password and role at the tenant's own host."""

    ONE_ID = "oneid"
    ROLE = "role"


@dataclass(frozen=True)
class RevenueConnection:
    """How to reach Zuora Revenue. Times in seconds."""

    base_url: str  # the host; what a person copies behind it is left out
    credentials: Credentials
    auth: RevenueAuth
    role: str = "API Role"
    client_name: str = "Default"
    client_number: int = 1  # what BI views call `clientId`
    time_zone: str = "UTC"  # of times that are printed without one
    connect_seconds: float = 10.0
    request_seconds: float = 130.0

    @property
    def token_url(self) -> str:
        """Where a token is got."""
        path = "/oauth2/token" if self.auth is RevenueAuth.ONE_ID else "/api/integration/v1/authenticate"
        return _host_of(self.base_url) + path

    @property
    def api_url(self) -> str:
        """What all paths are under."""
        path = "/revenue/api/integration" if self.auth is RevenueAuth.ONE_ID else "/api/integration"
        return _host_of(self.base_url) + path


def usual_auth(base_url: str) -> RevenueAuth:
    """OneID for `one.….zuora.com` and for a URL with its path; else the tenant's own host."""
    url = URL(base_url)
    is_one_id = (url.host or "").startswith("one.") or url.path.startswith("/revenue")
    return RevenueAuth.ONE_ID if is_one_id else RevenueAuth.ROLE


def _host_of(base_url: str) -> str:
    base_url = base_url.rstrip("/")
    return base_url.removesuffix(next((path for path in _PATHS if base_url.endswith(path)), ""))
