"""What sending a request costs, in CPU µs, by the way that it takes: an aiohttp session as the client falls back to it,
the same with aiohttp's public hooks, and the client's own POST. One process, one server, in turn.

The hooks are a `request_class` that writes head and body at once and a `response_class` that reads no more than what
the client looks at; headers are prepared once, so that the session has none to merge.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from runner.domain.model import Reply, Request
from runner.zuora import client as zuora
from runner.zuora.auth import Credentials
from runner.zuora.connection import Wire
from tests.bench.compiled_server import compiled_served
from tests.bench.figures import Figure, compared
from tests.bench.measure import IN_FLIGHT

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
REQUESTS = 5_000
WAYS = ("session", "public hooks", "own POST")


class _Request(aiohttp.ClientRequest):
    """A POST of bytes, written at once."""

    content = b""

    def update_body_from_data(self, body: Any, _stacklevel: int = 3) -> None:
        """Keep the bytes: no payload object, no task."""
        self.content = body if isinstance(body, bytes) else b""

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        """Write head and body."""
        lines = [f"{name}: {value}\r\n" for name, value in self.headers.items()]
        head = f"POST {self.url.raw_path_qs} HTTP/1.1\r\n{''.join(lines)}Content-Length: {len(self.content)}\r\n\r\n"
        conn.protocol.transport.write(head.encode() + self.content)
        writer: Any = aiohttp.http.StreamWriter(conn.protocol, self.loop)
        self.response = self.response_class(
            self.method,
            self.original_url,
            writer=None,
            continue100=None,
            timer=self._timer,
            request_info=self.request_info,
            traces=[],
            loop=self.loop,
            session=self._session,
            stream_writer=writer,
        )
        return self.response


class _Response(aiohttp.ClientResponse):
    """The head of a response and its body, without cookies."""

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Read the head."""
        self._closed, self._protocol, self._connection = False, connection.protocol, connection
        message, payload = await connection.protocol.read()
        payload.on_eof(self._response_eof)
        self.status, self._headers, self.content = message.code, message.headers, payload
        return self


@contextlib.asynccontextmanager
async def _client(way: str, wire: Wire) -> AsyncIterator[zuora.Client]:
    """The client, sending in this way."""
    async with zuora.connected(wire) as client:
        if way == "session":
            client._express = None
        if way != "public hooks":
            yield client
            return
        client._express = None
        common = CIMultiDict(client._session.headers)
        async with aiohttp.ClientSession(
            connector=client._session.connector,
            connector_owner=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=_Request,
            response_class=_Response,
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Content-Type"),
        ) as session:

            async def head_of(method: str, url: URL, body: Any, headers: Mapping[str, str]) -> Any:
                own = common.copy()
                own.update(headers)
                return await session.post(url, data=body, headers=own, allow_redirects=False, timeout=client._untimed)

            client._head_of = head_of  # type: ignore[method-assign]
            yield client


async def _seconds(client: zuora.Client, requests: list[Request]) -> float:
    """CPU seconds of sending all requests."""
    waiting = iter(requests)

    async def work() -> None:
        for request in waiting:
            answer = await client.send(request, 0, 1)
            assert isinstance(answer, Reply) and answer.status == 200, answer

    begun = time.process_time()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return time.process_time() - begun


async def compare(url: str) -> dict[str, list[float]]:
    """CPU µs a request, by way, a round an entry."""
    wire = Wire(url, Credentials("bench", "bench"), concurrency=IN_FLIGHT)
    requests = [
        Request(
            n,
            1,
            "booking-transaction",
            b'{"type":"Subscription","subscriptionName":"A-%d"}' % n,
            "",
            f"{n:040x}",
            n,
            None,
        )
        for n in range(REQUESTS)
    ]
    spent: dict[str, list[float]] = {way: [] for way in WAYS}
    async with contextlib.AsyncExitStack() as stack:
        clients = {way: await stack.enter_async_context(_client(way, wire)) for way in WAYS}
        for number in range(ROUNDS + 1):
            for way in WAYS[number % 3 :] + WAYS[: number % 3]:
                seconds = await _seconds(clients[way], requests)
                if number:  # the first round opens the connections
                    spent[way].append(seconds / REQUESTS * 1e6)
    return spent


def main() -> list[Figure]:
    """Compare the ways of sending."""
    with compiled_served() as (server, _):
        spent = asyncio.run(compare(server.url))
    own = spent.pop("own POST")
    return [compared("sending a request by the client's own POST", "CPU µs", own, way, of) for way, of in spent.items()]
