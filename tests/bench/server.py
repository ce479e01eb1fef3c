"""A server for benchmarks: the token and the regenerate endpoints in raw bytes, so that it is not what is measured.

It honours idempotency keys and counts what it did for each body: `GET /_bench` tells. The `harm` is deterministic by
the number that ends the object's name; of each 2,000 rows: 94 permanent failures inside HTTP 200, 44 lock contentions
at the first try (saved under its key), 100 × 429 and 55 × 503 at the first try.

`python -m tests.bench.server [--latency SECONDS] [--harm]` prints its port and serves until its standard input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
import threading
from collections import Counter

PERIOD = 2000
PERMANENT, LOCKED, THROTTLED, BROKEN = 94, 44, 100, 55
_STRIDE = 271  # coprime to the period: the harm is spread over the rows

TOKEN = b'{"access_token":"bench","token_type":"bearer","expires_in":3599}'
_GATEWAY = b"<html><body>503 Service Unavailable</body></html>"


def harm(number: int) -> str | None:
    """What befalls the row with this number."""
    position = number * _STRIDE % PERIOD
    for name, many in (("permanent", PERMANENT), ("locked", LOCKED), ("throttled", THROTTLED), ("broken", BROKEN)):
        if position < many:
            return name
        position -= many
    return None


def name_of(number: int) -> str:
    """The object's name in row `number`."""
    return f"A-S{number:08d}"


class Works:
    """What the server did, and what it has said under which key."""

    def __init__(self, *, harmful: bool) -> None:
        self.harmful = harmful
        self.requests = 0
        self.effects: Counter[bytes] = Counter()
        self.saved: dict[bytes, bytes] = {}
        self.tried: set[int] = set()
        self._ids = itertools.count(1)

    def answer(self, key: bytes | None, body: bytes) -> bytes:
        """The whole response to a regenerate request."""
        self.requests += 1
        if key is not None and (saved := self.saved.get(key)) is not None:
            return saved
        response = (self.harmful and self._harmed(key, body)) or self._done(body)
        if key is not None and not response.startswith((b"HTTP/1.1 429", b"HTTP/1.1 503")):
            self.saved[key] = response
        return response

    def _done(self, body: bytes) -> bytes:
        self.effects[body] += 1
        return self._response(b'{"success":true,"idList":["%s"]}' % _subject(body))

    def _harmed(self, key: bytes | None, body: bytes) -> bytes | None:
        number = int(_subject(body)[-8:])
        what = harm(number)
        if what == "permanent":
            return self._refusal(53200040, b"object not found")
        if what is None or number in self.tried:
            return None
        self.tried.add(number)
        if what == "locked":
            return self._refusal(53200050, b"locking contention")
        if what == "throttled":
            return _response(b"429 Too Many Requests", b"{}", b"Retry-After: 0\r\n")
        return _response(b"503 Service Unavailable", _GATEWAY, b"", b"text/html")

    def _refusal(self, code: int, message: bytes) -> bytes:
        form = b'{"success":false,"processId":"P%d","reasons":[{"code":%d,"message":"%s"}]}'
        return self._response(form % (next(self._ids), code, message))

    def _response(self, body: bytes) -> bytes:
        return _response(b"200 OK", body, b"Zuora-Request-Id: bench-%d\r\n" % next(self._ids))

    def done(self) -> bytes:
        """The record, as JSON."""
        effects = {json.loads(body)["subscriptionName"]: count for body, count in self.effects.items()}
        return json.dumps({"requests": self.requests, "effects": effects}).encode()


def _subject(body: bytes) -> bytes:
    """The object's name in a body: `A-S` and eight digits."""
    at = body.find(b"A-S")
    return body[at : at + 11]


def _response(status: bytes, body: bytes, more: bytes, kind: bytes = b"application/json") -> bytes:
    head = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n"
    return head % (status, kind, len(body), more) + body


class Connection(asyncio.Protocol):
    """One connection: requests one after the other, each answered after the latency."""

    def __init__(self, works: Works, latency_seconds: float) -> None:
        self._works, self._latency_seconds = works, latency_seconds
        self._received = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received = self._received + data if self._received else data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            size = int(_header(head, b"content-length") or b"0")
            if len(self._received) < end + 4 + size:
                return
            body, self._received = self._received[end + 4 : end + 4 + size], self._received[end + 4 + size :]
            self._request(head, body)

    def _request(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"POST /v1/"):
            self._respond(self._works.answer(_header(head, b"idempotency-key"), body), self._latency_seconds)
        elif head.startswith(b"GET /_bench/count"):
            self._respond(_response(b"200 OK", b"%d" % self._works.requests, b""), 0)
        elif head.startswith(b"GET /_bench"):
            self._respond(_response(b"200 OK", self._works.done(), b""), 0)
        else:
            self._respond(_response(b"200 OK", TOKEN, b""), 0)

    def _respond(self, response: bytes, latency_seconds: float) -> None:
        if latency_seconds:
            self._loop.call_later(latency_seconds, self._transport.write, response)
        else:
            self._transport.write(response)


def _header(head: bytes, name: bytes) -> bytes | None:
    """A header's value; as most clients spell it first, which is the quicker search."""
    for spelling in (b"\r\n" + name.title() + b": ", b"\r\n" + name + b": "):
        if (at := head.find(spelling)) >= 0:
            at += len(spelling)
            end = head.find(b"\r", at)
            return head[at:] if end < 0 else head[at:end]
    return None


async def serve(latency_seconds: float, *, harmful: bool) -> None:
    """Serve on a free port, and print which, until the standard input ends."""
    loop = asyncio.get_running_loop()
    works = Works(harmful=harmful)
    server = await loop.create_server(lambda: Connection(works, latency_seconds), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    over = asyncio.Event()

    def wait() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=wait, daemon=True).start()
    await over.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--harm", action="store_true")
    options = parser.parse_args()
    asyncio.run(serve(options.latency, harmful=options.harm))
