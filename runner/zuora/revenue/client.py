"""GETs of Zuora Revenue's REST API. The only POST is the one that fetches a token: nothing here starts a collection.

Published: 401 for a token that expired (30 minutes at a tenant's own host), 403 for a user without the right, 405 on
everything where the API is not enabled. Rate limits are not published: 429 and 5xx are tried again.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import msgspec
from yarl import URL

from runner.domain.errors import RunnerError
from runner.domain.model import Silence
from runner.zuora.auth import form
from runner.zuora.connection import environment_proxy, trusted
from runner.zuora.envelope import BOM
from runner.zuora.express import header_limits
from runner.zuora.response import OversizedError, read_body, retry_after, silence_of
from runner.zuora.retry import Sleep
from runner.zuora.revenue.connection import RevenueAuth, RevenueConnection

MAX_BODY_BYTES = 1024**3  # the list of errors has neither pages nor a filter
TOKEN_HEADERS = ("Revpro-Token", "token")  # the first is what clients of a tenant's own host read
TRIES = 6
WAIT_SECONDS = (1.0, 30.0)  # before another try: at first, at most
CACHE_TRIES = 60
NOT_CACHED = b"not yet cached"  # of a page of a BI view that is still being written
MOST_CHARACTERS = 200
OUTBOUND = "give the API user's role the privilege Webservices Outbound (Revenue: Setups > Security)"
REMEDIES: Mapping[int, str] = {
    401: "check the credentials of Zuora Revenue; they are not those of Billing",
    403: OUTBOUND,
    404: "check revenue_base_url and revenue_auth",
    405: "have the REST API enabled for your Zuora Revenue (Zuora Support)",
}


class RevenueUnavailableError(RunnerError):
    """Zuora Revenue's REST API does not show what is wanted; the message says why, `remedy` what to do."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True)
class Page:
    """A response with one of the statuses that mean something to the caller: 200, 204, 400, 404."""

    status: int
    body: bytes
    continuation: str | None = None

    @property
    def reason(self) -> str:
        """What an answer says about itself."""
        return f"HTTP {self.status}" + (f": {text}" if (text := _message(self.body)) else "")


def refused(what: str, page: Page) -> RevenueUnavailableError:
    """What a response that is not the one wanted means."""
    return RevenueUnavailableError(f"{what}: {page.reason}", REMEDIES.get(page.status, ""))


@asynccontextmanager
async def revenue_connected(
    connection: RevenueConnection, sleep: Sleep = asyncio.sleep
) -> AsyncIterator[RevenueClient]:
    """A client with its own connections, closed at the end."""
    timeout = aiohttp.ClientTimeout(total=connection.request_seconds, sock_connect=connection.connect_seconds)
    tls = trusted() if URL(connection.base_url).scheme == "https" else True
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=2, ssl=tls),
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "gzip"},
        auto_decompress=False,
        **header_limits(aiohttp.ClientSession.__init__),
    ) as session:
        yield RevenueClient(connection, session, sleep)


class RevenueClient:
    """Asks Zuora Revenue. Make it with `revenue_connected`."""

    def __init__(self, connection: RevenueConnection, session: aiohttp.ClientSession, sleep: Sleep) -> None:
        self.connection = connection
        self._session, self._sleep = session, sleep
        self._proxy = environment_proxy(connection.base_url)
        self._token: str | None = None

    async def get(self, path: str, continuation: str | None = None) -> Page:
        """The response to a GET below the API's root. Raises RevenueUnavailableError."""
        reason, waits = "", _waits()
        refused = tries = uncached = 0
        while tries < TRIES and refused < 2 and uncached < CACHE_TRIES:
            answer = await self._got(path, continuation)
            if isinstance(answer, Silence):
                reason, wait, tries = f"{answer.kind}: {answer.detail}", None, tries + 1
            elif answer.status in (200, 204, 404) or (answer.status == 400 and NOT_CACHED not in answer.body):
                return Page(answer.status, answer.body, answer.continuation)
            else:
                reason, wait = self._masked(answer.reason), answer.wait_seconds
                if answer.status == 401:
                    self._token, refused = None, refused + 1
                    continue
                if answer.status not in (400, 408, 429) and answer.status < 500:
                    raise RevenueUnavailableError(f"{path}: {reason}", REMEDIES.get(answer.status, ""))
                tries, uncached = tries + (answer.status != 400), uncached + (answer.status == 400)
            await self._sleep(max(next(waits), wait or 0.0))
        raise RevenueUnavailableError(f"{path}: {reason}", REMEDIES[401] if refused else "")

    async def _got(self, path: str, continuation: str | None) -> _Answer | Silence:
        token = self._token = self._token or await self._fetched_token()
        if self.connection.auth is RevenueAuth.ONE_ID:
            headers = {"Authorization": f"Bearer {token}"}
        else:
            headers = {"token": token}
        if continuation is not None:
            headers["continuation-token"] = continuation
        return await self._ask("GET", self.connection.api_url + path, headers)

    async def _fetched_token(self) -> str:
        """A token of Revenue's own. Raises RevenueUnavailableError, which shows neither it nor the credentials."""
        connection, credentials = self.connection, self.connection.credentials
        waits, reason = _waits(), ""
        for _ in range(TRIES):
            if connection.auth is RevenueAuth.ONE_ID:
                answer = await self._ask("POST", connection.token_url, {}, form(credentials))
            else:
                pair = b64encode(f"{credentials.client_id}:{credentials.client_secret}".encode()).decode()
                headers = {"role": connection.role, "clientname": connection.client_name}
                answer = await self._ask("POST", connection.token_url, headers | {"Authorization": f"Basic {pair}"})
            if isinstance(answer, Silence):
                reason, wait = f"{answer.kind}: {answer.detail}", None
            elif token := answer.token:
                return token
            else:
                reason, wait = self._masked(answer.status_line), answer.wait_seconds
                if answer.status != 429 and answer.status < 500:
                    remedy = REMEDIES.get(answer.status, REMEDIES[401] if answer.status == 400 else REMEDIES[404])
                    raise RevenueUnavailableError(f"no token of Zuora Revenue: {reason}", remedy)
            await self._sleep(max(next(waits), wait or 0.0))
        raise RevenueUnavailableError(f"no token of Zuora Revenue: {reason}")

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: aiohttp.FormData | None = None
    ) -> _Answer | Silence:
        status: int | None = None
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, allow_redirects=False, proxy=self._proxy
            ) as response:
                status = response.status
                content = await read_body(response, MAX_BODY_BYTES)
                return _Answer(status, content, {name.lower(): text for name, text in response.headers.items()})
        except (aiohttp.ClientError, aiohttp.http.HttpProcessingError, OSError, OversizedError, ValueError) as error:
            return silence_of(error, status)

    def _masked(self, text: str) -> str:
        """A text without what must not be shown: a proxy's page of errors may repeat what it was sent."""
        credentials = self.connection.credentials
        for secret in (self._token, credentials.client_secret, credentials.client_id):
            text = text.replace(secret, "***") if secret else text
        return text


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]  # names in lower case

    @property
    def continuation(self) -> str | None:
        return self.headers.get("continuation-token")

    @property
    def wait_seconds(self) -> float | None:
        return retry_after(self.headers.get("retry-after"), self.headers.get("date"))

    @property
    def reason(self) -> str:
        return Page(self.status, self.body).reason

    @property
    def status_line(self) -> str:
        """The status alone where the body may hold a token."""
        return f"HTTP {self.status}, without a token" if 200 <= self.status < 300 else self.reason

    @property
    def token(self) -> str | None:
        """The token that was granted: in a header, or in the body."""
        if not 200 <= self.status < 300:
            return None
        body = _object(self.body)
        granted = [self.headers.get(name.lower()) for name in TOKEN_HEADERS]
        granted += [body.get(name) for name in ("access_token", "token")]
        return next((text for text in granted if text and text.isprintable() and text.isascii()), None)


def _waits() -> Iterator[float]:
    """Ever longer."""
    wait, longest = WAIT_SECONDS
    while True:
        yield wait
        wait = min(wait * 2, longest)


def _object(body: bytes) -> dict[str, str]:
    """The texts of a JSON object, by their names in lower case; none if it is no object."""
    try:
        decoded = msgspec.json.decode(body.removeprefix(BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    if not isinstance(decoded, dict):
        return {}
    return {str(name).lower(): value for name, value in decoded.items() if isinstance(value, str)}


def _message(body: bytes) -> str:
    """The message of an answer, in few characters; none of a web page."""
    texts = _object(body)
    text = next((texts[name] for name in ("message", "error_description", "error", "status") if name in texts), None)
    if text is None:
        text = "" if body.lstrip()[:1] in (b"<", b"{", b"[") else body.decode("utf-8", "replace")
    text = " ".join(text.split())
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
