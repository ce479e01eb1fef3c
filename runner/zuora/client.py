"""The only HTTP client: sends one attempt of a request and returns what came back.

A failure of the network is data here, not an exception. Sources: Zuora API reference, "Request headers",
"Response headers", "Idempotent requests", "Base URLs".
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO

import aiohttp
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from yarl import URL

from runner.domain.errors import Refused
from runner.domain.identity import key, track_id
from runner.domain.model import Answer, Reply, Request, Silence
from runner.system.hosts import is_loopback
from runner.zuora.auth import (
    Auth,
    CredentialsRefusedError,
    Token,
    TokenAnswer,
    TokenUnavailableError,
    form,
)
from runner.zuora.connection import TOKEN_PATH, Wire, environment_proxy, session_headers, trusted
from runner.zuora.deadlines import Deadlines
from runner.zuora.express import Express, RawResponse, fits, header_limits
from runner.zuora.operations import OPERATIONS
from runner.zuora.response import (
    MAX_BODY_BYTES,
    OversizedError,
    echoes_another,
    read_body,
    reply_of,
    retry_after,
    silence_of,
    without_token,
)

MAX_FILE_BYTES = 16 * 1024**3
MOST_URLS = 100
TOKEN_BODY_BYTES = 64 * 1024


@dataclass(frozen=True)
class File:
    """A file to upload."""

    name: str
    content: bytes
    content_type: str = "text/csv"


@asynccontextmanager
async def connected(wire: Wire) -> AsyncIterator[Client]:
    """A client with its own pool of connections, closed at the end."""
    timeout = aiohttp.ClientTimeout(total=wire.request_seconds, sock_connect=wire.connect_seconds)
    # `True` checks, too, against what aiohttp has read already: a rehearsal without TLS need not read it again
    tls = trusted() if URL(wire.base_url).scheme == "https" else True
    connector = _Connector(limit=wire.concurrency + 1, ttl_dns_cache=60, ssl=tls)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=session_headers(wire),
        auto_decompress=False,
        middlewares=(_only_look,) if wire.read_only else (),
        **header_limits(aiohttp.ClientSession.__init__),
    ) as session:
        deadlines = Deadlines(wire.request_seconds)
        try:
            yield Client(wire, session, deadlines)
        finally:
            deadlines.close()


class _Connector(aiohttp.TCPConnector):
    """Hands out only connections on which nothing has arrived unrequested: it would be read as the response
    to what is sent next, and one row would get the outcome of another."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - as it is called there
    ) -> Connection:
        connection, tries = await super().connect(req, traces, timeout), 0
        while (protocol := connection.protocol) is not None and protocol.should_close:
            connection.close()
            if (tries := tries + 1) > self.limit:
                raise aiohttp.ClientConnectionError("the server sends data before any request")
            connection = await super().connect(req, traces, timeout)
        return connection


async def _only_look(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """The last door of a read-only profile: nothing but reading and the POST that fetches a token passes."""
    if request.method not in ("GET", "HEAD") and not request.url.path.endswith(TOKEN_PATH):
        raise Refused(f"{request.method} {request.url.path}: the profile is read_only; nothing was sent")
    return await handler(request)


class Client:
    """Sends attempts. Make it with `connected`."""

    def __init__(self, wire: Wire, session: aiohttp.ClientSession, deadlines: Deadlines) -> None:
        self._wire = wire
        self._session = session
        self._base = wire.base_url.rstrip("/")
        self._proxy = environment_proxy(self._base)
        self._urls: dict[tuple[str, str], URL] = {}
        self._deadlines = deadlines
        self._untimed = aiohttp.ClientTimeout(total=None, sock_connect=wire.connect_seconds)
        direct = self._proxy is None and not wire.read_only
        self._express = Express(session, URL(self._base), self._untimed) if direct and fits(session) else None
        self.auth = Auth(self._fetch_token)

    async def send(self, request: Request, generation: int, attempt: int) -> Answer:
        """Send one attempt; the answer, whatever happens on the network."""
        token = self.auth.current() or await self._token()
        if isinstance(token, Silence):
            return token
        headers = {
            "Authorization": f"Bearer {token.value}",
            "Idempotency-Key": key(request.digest, generation),
            "Zuora-Track-Id": track_id(request.digest, attempt),
            "Content-Type": "application/json",
        }
        return await self._ask("POST", self._url(request), request.body, headers, token.serial)

    async def upload(self, request: Request, attempt: int, fields: Mapping[str, str], file: File) -> Reply | Silence:
        """Send one attempt that carries a file, as multipart/form-data. It has no idempotency key."""
        token = await self._token()
        if isinstance(token, Silence):
            return token
        form_ = aiohttp.FormData(dict(fields))
        form_.add_field("file", io.BytesIO(file.content), filename=file.name, content_type=file.content_type)
        headers = {
            "Authorization": f"Bearer {token.value}",
            "Zuora-Track-Id": track_id(request.digest, attempt),
        }
        return await self._ask("POST", self._url(request), form_, headers, token.serial)

    async def ask(
        self, method: str, path: str, body: bytes | None = None, most_bytes: int = MAX_BODY_BYTES
    ) -> Reply | Silence:
        """Send once what may be repeated: GET and PUT. `path` begins with a
        slash: nothing that a server sends can lead the token to another host."""
        if not path.startswith("/"):
            return Silence("address", f"{path[:80]!r} is not a path of this tenant", sent=False)
        token = await self._token()
        if isinstance(token, Silence):
            return token
        headers = {"Authorization": f"Bearer {token.value}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return await self._ask(method, URL(self._base + path, encoded=True), body, headers, token.serial, most_bytes)

    async def download(self, url: str, file: IO[bytes], encodings: Collection[str] = ("identity",)) -> Reply | Silence:
        """Fetch a file from an address that is its own permission: without a token, over https. The reply has no
        body; the file has it, as far as it came, in one of these content encodings."""
        if not (url.startswith("https://") or is_loopback(URL(self._base).host or "")):
            return Silence("address", f"a file at {url[:80]!r}, which is not an https address", sent=False)
        status: int | None = None
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=self._wire.connect_seconds, sock_read=self._wire.request_seconds
        )
        headers = {"Accept-Encoding": "identity"}
        try:
            async with self._session.get(
                url, headers=headers, proxy=environment_proxy(url), timeout=timeout, allow_redirects=False
            ) as response:
                status = response.status
                if response.headers.get("Content-Encoding", "identity").lower() not in encodings:
                    return Silence("encoding", "a compressed file, which was not requested", status=status)
                async for chunk in response.content.iter_any():
                    file.write(chunk)
                    if file.tell() > MAX_FILE_BYTES:
                        return Silence("oversized", f"a file of more than {MAX_FILE_BYTES:,} bytes", status=status)
                return reply_of(response, b"", 0)
        except (aiohttp.ClientError, aiohttp.http.HttpProcessingError, OSError, ValueError) as error:
            return silence_of(error, status)

    async def _token(self) -> Token | Silence:
        try:
            return await self.auth.token()
        except CredentialsRefusedError as error:
            return Silence("credentials", str(error), sent=False)
        except TokenUnavailableError as error:
            return Silence("token", str(error), sent=False, retry_after_seconds=error.retry_after_seconds)

    def _url(self, request: Request) -> URL:
        url = self._urls.get((request.operation, request.query))
        if url is None:
            query = f"?{request.query}" if request.query else ""
            url = URL(self._base + OPERATIONS[request.operation].path + query, encoded=True)
            if len(self._urls) < MOST_URLS:  # parameters may differ from row to row
                self._urls[request.operation, request.query] = url
        return url

    async def _ask(
        self,
        method: str,
        url: URL,
        body: bytes | aiohttp.FormData | None,
        headers: Mapping[str, str],
        token: int,
        most_bytes: int = MAX_BODY_BYTES,
    ) -> Reply | Silence:
        response: RawResponse | None = None
        task = self._deadlines.begin()
        try:
            response = await self._head_of(method, url, body, headers)
            content = without_token(headers["Authorization"], await read_body(response, most_bytes))
            if echoes_another(response.headers.get("Zuora-Track-Id"), headers.get("Zuora-Track-Id")):
                return Silence("foreign", "the answer to another request came", status=response.status)
            response.release()
            return reply_of(response, content, token)
        except (aiohttp.ClientError, aiohttp.http.HttpProcessingError, OSError, OversizedError) as error:
            return silence_of(error, response.status if response else None)
        except asyncio.CancelledError:
            if self._deadlines.missed(task):
                late = TimeoutError(f"no whole answer within {self._deadlines.seconds:g} s")
                return silence_of(late, response.status if response else None)
            raise
        finally:
            if response is not None:
                response.close()
            self._deadlines.end(task)

    async def _head_of(
        self, method: str, url: URL, body: bytes | aiohttp.FormData | None, headers: Mapping[str, str]
    ) -> RawResponse:
        """Send a request, and read the head of the response."""
        if self._express is not None and method == "POST" and not isinstance(body, aiohttp.FormData):
            return await self._express.post(url, headers, body)
        return await self._session.request(
            method, url, data=body, headers=headers, allow_redirects=False, proxy=self._proxy, timeout=self._untimed
        )

    async def _fetch_token(self) -> TokenAnswer:
        """Create an OAuth token."""
        try:
            async with self._session.post(
                self._base + TOKEN_PATH,
                data=form(self._wire.credentials),
                allow_redirects=False,
                proxy=self._proxy,
            ) as response:
                body = await read_body(response, TOKEN_BODY_BYTES)
                return TokenAnswer(response.status, body, retry_after(response.headers.get("Retry-After")))
        except aiohttp.ClientHttpProxyError as error:
            return TokenAnswer(error.status, b"<the proxy's own>")
        except (aiohttp.ClientError, aiohttp.http.HttpProcessingError, OSError, OversizedError) as error:
            silence = silence_of(error, None)
            if silence.kind == "certificate":
                raise CredentialsRefusedError(silence.detail) from error
            return TokenAnswer(0, f"{silence.kind}: {silence.detail}".encode())
