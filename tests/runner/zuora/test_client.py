"""What goes over the wire, exactly; and what comes back when the network is bad."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from unittest.mock import Mock

import aiohttp
import pytest
from aioresponses import aioresponses
from yarl import URL

from runner import __version__
from runner.domain.model import Reply, Request, Silence
from runner.zuora.auth import Credentials
from runner.zuora.client import connected
from runner.zuora.connection import Wire

BODY = b'{"number":"INV1","type":"Invoice"}'
REQUEST = Request(7, 1, "billing-transaction", BODY, "reMigrate=true", "ab" * 20, 1, None)
CREDENTIALS = Credentials("the-id", "the-secret")
TOKEN = b'{"access_token": "T1", "expires_in": 3599, "token_type": "bearer"}'


class Response(aiohttp.ClientResponse):
    """aioresponses 0.7.9 does not know of `stream_writer`, which aiohttp 3.14 demands."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        if "stream_writer" in inspect.signature(aiohttp.ClientResponse).parameters:  # not before 3.14
            kwargs.setdefault("stream_writer", Mock(output_size=0))
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]


def wire(url: str, **more: object) -> Wire:
    return Wire(url, CREDENTIALS, **more)  # type: ignore[arg-type]


pytestmark = pytest.mark.usefixtures("way")


HEADERS = {
    "User-Agent": f"regeneration-runner/{__version__}",
    "Accept-Encoding": "gzip",
    "Zuora-Entity-Ids": "e1,e2",
    "Zuora-Org-Ids": "o1",
    "Zuora-Version": "2026-01-01",
    "Authorization": "Bearer T1",
    "Idempotency-Key": "regen1-" + "ab" * 20 + "-2",
    "Zuora-Track-Id": "ab" * 20 + "-5",
    "Content-Type": "application/json",
}
PARTICULARS = {"entity_ids": ("e1", "e2"), "org_ids": ("o1",), "zuora_version": "2026-01-01"}


@pytest.mark.parametrize("proxy", ["http://proxy.invalid:3128", None])
async def test_the_exact_request_of_the_session(monkeypatch, proxy):
    """Path, query, headers and body as documented; one token for all. What stands before the session sees it."""
    base = "https://rest.test.zuora.com"
    url = f"{base}/v1/uno-regenerate/billing-transaction?reMigrate=true"
    if proxy is not None:
        monkeypatch.setenv("https_proxy", proxy)
    with aioresponses() as mocked:
        mocked.post(f"{base}/oauth/token", body=TOKEN, response_class=Response)
        mocked.post(
            url,
            body=b'{"success": true, "idList": []}',
            headers={"Zuora-Request-Id": "R"},
            response_class=Response,
            repeat=True,
        )
        async with connected(wire(base, **PARTICULARS)) as client:
            answer = await client.send(REQUEST, 2, 5)
            await client.send(REQUEST, 2, 6)
        tokens = mocked.requests[("POST", URL(f"{base}/oauth/token"))]
        calls = mocked.requests[("POST", URL(url))]
    assert answer == Reply(200, b'{"success": true, "idList": []}', "R", None, None, 1)
    assert len(tokens) == 1
    assert tokens[0].kwargs["data"]()._value == (
        b"client_id=the-id&client_secret=the-secret&grant_type=client_credentials"
    )
    assert calls[0].kwargs["data"] == BODY
    assert calls[0].kwargs["allow_redirects"] is False
    assert calls[0].kwargs["proxy"] == proxy
    assert dict(calls[0].kwargs["headers"]) == HEADERS


async def test_the_exact_request_on_the_wire():
    """The same, as it comes out of the wire; the connection is kept for the next."""
    received: list[bytes] = []
    connections: list[object] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
                received.append(head + await reader.readexactly(int(headers[b"Content-Length"])))
                body = TOKEN if b"/oauth/token" in head else b'{"success": true, "idList": []}'
                writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" if body is not TOKEN else b"")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, connected(wire(f"http://{host}", **PARTICULARS)) as client:
        answers = [await client.send(REQUEST, 2, attempt) for attempt in (5, 6)]
    assert answers == [Reply(200, b'{"success": true, "idList": []}', None, None, None, 1)] * 2
    assert len(connections) == 1
    head, _, body = received[1].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first == "POST /v1/uno-regenerate/billing-transaction?reMigrate=true HTTP/1.1"
    sent = dict(line.split(": ", 1) for line in lines)
    assert sent == {"Host": host, "Accept": "*/*"} | HEADERS | {"Content-Length": str(len(BODY))}
    assert body == BODY


async def test_a_header_cannot_break_out_of_its_line():
    """Whatever a value holds, it adds no header of its own."""
    async with raw_server(lambda *_: asyncio.sleep(0)) as url, connected(wire(url)) as client:
        token = await client.auth.token()
        client.auth._token = replace(token, value="T1\r\nZuora-Entity-Ids: other")
        with pytest.raises(ValueError, match=r"control character|header injection"):
            await client.send(REQUEST, 0, 1)


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def raw_server(answer: Handler) -> AsyncIterator[str]:
    """A server that hands out a token and answers every other request as it likes, byte by byte."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            await reader.readexactly(length)
            if b"/oauth/token" in head:
                writer.write(http(TOKEN))
                await writer.drain()
            else:
                await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def http(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json"]
    headers = {"Content-Length": str(len(body)), "Connection": "close"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def answered(raw: bytes, *, reset: bool = False, **more: object) -> Reply | Silence:
    """The client's answer when the server writes these bytes and closes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        if reset:
            writer.transport.abort()

    async with raw_server(answer) as url, connected(wire(url, **more)) as client:
        return await client.send(REQUEST, 0, 1)


async def test_a_reply_with_all_its_headers():
    """Ids, limits, Retry-After; compressed bodies are read."""
    packed = gzip.compress(b'{"success": true}' + b" " * 2000)
    answer = await answered(
        http(
            packed,
            Content_Encoding="gzip",
            Zuora_Request_Id="R1",
            Retry_After="3",
            Concurrency_Limit_Limit="40",
            Concurrency_Limit_Remaining="7",
            ratelimit_limit="5, 5;w=60",
            ratelimit_remaining="4",
            ratelimit_reset="2",
        )
    )
    assert isinstance(answer, Reply)
    assert answer.body.startswith(b'{"success": true}')
    assert (answer.request_id, answer.retry_after_seconds, answer.token) == ("R1", 3.0, 1)
    assert answer.limits is not None
    assert (answer.limits.concurrency, answer.limits.concurrency_remaining) == (40, 7)
    assert (answer.limits.rate_remaining, answer.limits.rate_reset_seconds) == (4, 2.0)


async def test_a_redirect_is_not_followed():
    """It is a reply like any other."""
    answer = await answered(http(b"", "302 Found", Location="http://127.0.0.1:9/elsewhere"))
    assert isinstance(answer, Reply)
    assert answer.status == 302


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "reset"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "reset"),
        (b"rubbish\r\n\r\n", "unreadable"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"success": true, "idList": []}', "broken-body"),
        (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"suc', "broken-body"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnothex\r\n", "unreadable"),
        (http(gzip.compress(b'{"success": true}')[:-9], Content_Encoding="gzip"), "broken-body"),
        (http(b"not gzip at all", Content_Encoding="gzip"), "broken-body"),
    ],
)
async def test_what_breaks_off_is_silence(raw, kind):
    """Nothing that is not whole is a reply."""
    answer = await answered(raw)
    assert isinstance(answer, Silence), answer
    assert (answer.kind, answer.sent) == (kind, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Trace": "t" * 60_000},
        {f"X-Proxy-{number}": "p" for number in range(400)},
        {"Content-Encoding": "UTF-8"},
        {"Content-Encoding": ""},
    ],
    ids=["60 KB", "400 headers", "a charset as encoding", "no encoding"],
)
async def test_heads_that_proxies_make_are_read(headers):
    """The row would be unknown although its answer could be read."""
    answer = await answered(http(b'{"success": true}', **{name.replace("-", "_"): v for name, v in headers.items()}))
    assert isinstance(answer, Reply), answer
    assert answer.body == b'{"success": true}'


async def test_a_reset_is_silence():
    """RST instead of FIN."""
    answer = await answered(b"", reset=True)
    assert isinstance(answer, Silence)
    assert answer.kind == "reset"


async def test_a_body_without_end_is_capped():
    """50 MB of anything: no more than the cap is held."""

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n")
        for _ in range(50):
            writer.write(b"x" * 1048576)
            await writer.drain()

    async with raw_server(flood) as url, connected(wire(url)) as client:
        answer = await client.send(REQUEST, 0, 1)
    assert isinstance(answer, Silence)
    assert answer.kind == "oversized"
    assert 0 < len(answer.snippet) <= 2048


async def test_a_server_that_is_not_there_was_sent_nothing():
    """Refused before a byte went out: no token either."""
    async with connected(wire("http://127.0.0.1:1")) as client:
        answer = await client.send(REQUEST, 0, 1)
    assert isinstance(answer, Silence)
    assert (answer.kind, answer.sent) == ("token", False)
