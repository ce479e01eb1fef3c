"""Access tokens: one for all requests, renewed before it expires and once when it is refused.

Source: Zuora API reference, "Create an OAuth token" (client credentials; use a token until it expires; 2,000
requests a minute, 100 per IP address).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from runner.zuora.envelope import BOM

RENEW_SECONDS = 120.0  # before a token expires, or a tenth of its life if that is less
NOT_THE_API = frozenset({404, 405, 407})  # nor is a redirect: waiting helps with none of them
BACK_OFF_SECONDS = (1.0, 60.0)  # after a token endpoint that is out of order: the first wait, the longest


class CredentialsRefusedError(Exception):
    """No token can be got, however often it is requested: the client id or secret is wrong, or the server cannot be
    trusted with them."""


class TokenUnavailableError(Exception):
    """No token just now: the endpoint is silent, throttled or out of order."""

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True)
class Credentials:
    """A client id and its secret; shows neither."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return "Credentials(***)"


@dataclass(frozen=True)
class Token:
    """An access token; `serial` counts the tokens of this process."""

    value: str
    serial: int
    renew_at: float  # loop time

    def __repr__(self) -> str:
        return f"Token(serial={self.serial})"


USUAL_LIFE_SECONDS = 3600.0  # "Create an OAuth token": one hour
LEAST_LIFE_SECONDS = 60.0  # less, and each row would fetch a token of its own; one that expired is refused and renewed


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: Any = None

    @property
    def life_seconds(self) -> float:
        """How long the token lives: `expires_in` as a number, also as text; the usual hour for anything else."""
        value = self.expires_in
        try:
            seconds = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else 0.0
        except ValueError:
            seconds = 0.0
        if not 0.0 < seconds < float("inf"):
            return USUAL_LIFE_SECONDS
        return max(seconds, LEAST_LIFE_SECONDS) if seconds < 1 else seconds


@dataclass(frozen=True)
class TokenAnswer:
    """What the token endpoint answered; status 0 is silence."""

    status: int
    body: bytes
    retry_after_seconds: float | None = None


class Auth:
    """Hands out the access token. `fetch` makes one token request and raises nothing of HTTP."""

    def __init__(self, fetch: Callable[[], Awaitable[TokenAnswer]]) -> None:
        self._fetch = fetch
        self._token: Token | None = None
        self._serial = 0
        self._lock = asyncio.Lock()
        self._failures = 0
        self._refusal: tuple[float, CredentialsRefusedError | TokenUnavailableError] | None = None

    def current(self) -> Token | None:
        """The token in force, if there is one that need not be renewed."""
        token = self._token
        return token if token is not None and asyncio.get_running_loop().time() < token.renew_at else None

    async def token(self) -> Token:
        """The token in force. Raises CredentialsRefusedError or TokenUnavailableError."""
        if (token := self.current()) is not None:
            return token
        async with self._lock:
            return await self._renewed()

    def reject(self, serial: int) -> None:
        """The token with this serial was refused: the next caller fetches another."""
        if self._token is not None and self._token.serial <= serial:
            self._token = None

    async def _renewed(self) -> Token:
        if (token := self.current()) is not None:
            return token  # another caller fetched it meanwhile
        if self._refusal is not None and asyncio.get_running_loop().time() < self._refusal[0]:
            raise self._refusal[1]
        try:
            self._token = self._granted(await self._fetch())
        except (CredentialsRefusedError, TokenUnavailableError) as error:
            wait = error.retry_after_seconds if isinstance(error, TokenUnavailableError) else BACK_OFF_SECONDS[1]
            self._refusal = (asyncio.get_running_loop().time() + wait, error)
            raise
        self._failures, self._refusal = 0, None
        return self._token

    def _granted(self, answer: TokenAnswer) -> Token:
        if answer.status in (400, 401, 403) and b"<" not in answer.body[:1]:
            raise CredentialsRefusedError(
                f"the token endpoint refused the client credentials (HTTP {answer.status}); check ZUORA_CLIENT_ID, "
                "ZUORA_CLIENT_SECRET and that they belong to this base URL"
            )
        if answer.status in NOT_THE_API or 300 <= answer.status < 400:
            raise CredentialsRefusedError(
                f"HTTP {answer.status} from the token endpoint: check the base URL, and the proxy if there is one"
            )
        try:
            body = answer.body.removeprefix(BOM)
            granted = msgspec.json.decode(body, type=_Granted) if 200 <= answer.status < 300 else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            granted = None
        if granted is None or not granted.access_token or not granted.access_token.isprintable():
            raise self._unavailable(answer)
        self._serial += 1
        life = granted.life_seconds
        renew_at = asyncio.get_running_loop().time() + life - min(RENEW_SECONDS, life / 10)
        return Token(granted.access_token, self._serial, renew_at)

    def _unavailable(self, answer: TokenAnswer) -> TokenUnavailableError:
        first, longest = BACK_OFF_SECONDS
        wait = answer.retry_after_seconds or min(longest, first * 2.0 ** min(self._failures, 10))
        self._failures += 1
        reason = _reason(answer)
        return TokenUnavailableError(f"could not get an access token: {reason}", wait)


def _reason(answer: TokenAnswer) -> str:
    """Why there is no token, in words. The body of an answer is never shown: it may have a token in it."""
    if not answer.status:
        return answer.body.decode("utf-8", "replace")
    if not 200 <= answer.status < 300:
        return f"HTTP {answer.status}"
    kind = "a web page" if answer.body.lstrip()[:1] == b"<" else "without a token"
    return f"HTTP {answer.status}, {kind}: is the base URL that of Zuora's REST API?"


def form(credentials: Credentials) -> aiohttp.FormData:
    """The body of a token request."""
    return aiohttp.FormData(
        {
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "grant_type": "client_credentials",
        }
    )
