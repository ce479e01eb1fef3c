"""How an answer goes over the wire, or breaks off there."""

from __future__ import annotations

import asyncio
import gzip

from aiohttp import web

from runner.simulator.faults import Harm
from runner.simulator.responses import Answer

AGAIN_SECONDS = 0.003
COMPRESSED_FROM = 1000  # guide "Compress requests and responses": answers over 1,000 bytes


_READ_BYTES = 64 * 1024


def read_modestly(request: web.Request) -> None:
    """Let asyncio read 64 KiB at a time, not 256: glibc maps and unmaps memory for each larger block."""
    if request.transport is not None and hasattr(request.transport, "max_size"):
        request.transport.max_size = _READ_BYTES


async def deliver(
    request: web.Request, answer: Answer, harm: Harm | None = None, *, gzipped: bool = False
) -> web.StreamResponse:
    """Send the answer as the harm has it. The headers are the answer's own."""
    match harm:
        case Harm.CLOSED:
            return _hang_up(request, reset=False)
        case Harm.RESET:
            return _hang_up(request, reset=True)
        case Harm.TORN:
            return await _torn(request, answer)
        case Harm.TORN_GZIP:
            return _torn_gzip(answer)
        case Harm.TWICE:
            return _twice(request, answer)
        case _:
            return _whole(answer, gzipped=gzipped and harm is not Harm.HUGE)


def _headers(answer: Answer) -> dict[str, str]:
    return {"Content-Type": answer.content_type, **answer.headers}


def _whole(answer: Answer, *, gzipped: bool) -> web.Response:
    headers, body = _headers(answer), answer.body
    if gzipped and len(body) > COMPRESSED_FROM:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, 1)
    return web.Response(status=answer.status, body=body, headers=headers)


def _hang_up(request: web.Request, *, reset: bool) -> web.Response:
    """Close the connection without a byte; aiohttp finds it closed when it wants to send the rest."""
    transport = request.transport
    if transport is not None:
        if reset:
            transport.abort()
        else:
            transport.close()
    return web.Response()


async def _torn(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Half of the body that Content-Length promises, then the connection closes."""
    response = web.StreamResponse(status=answer.status, headers=_headers(answer))
    response.content_length = len(answer.body)
    response.force_close()
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _twice(request: web.Request, answer: Answer) -> web.Response:
    """The answer, and a moment later the same once more, as from a proxy that has lost count."""
    head = {**_headers(answer), "Content-Length": str(len(answer.body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    again = f"HTTP/1.1 {answer.status} Again\r\n{lines}\r\n".encode() + answer.body
    if request.transport is not None:
        asyncio.get_running_loop().call_later(AGAIN_SECONDS, _write, request.transport, again)
    return _whole(answer, gzipped=False)


def _write(transport: asyncio.BaseTransport, content: bytes) -> None:
    if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
        transport.write(content)


def _torn_gzip(answer: Answer) -> web.Response:
    """A complete HTTP body, in which the gzip stream is not."""
    headers = {**_headers(answer), "Content-Encoding": "gzip"}
    stream = gzip.compress(answer.body, 1)
    return web.Response(status=answer.status, body=stream[: max(11, len(stream) // 2)], headers=headers)
