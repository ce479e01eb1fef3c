"""POSTs over the session's own connections, without what a session does around each request.

```
session.request ─ headers, cookies, redirects, tracing, a task for the body ─┐
                                                                             ├─▶ connector ─▶ connection ─▶ parser
Express.post ─────────────── one write: head and body ───────────────────────┘
```

Sending a request takes 54 µs of CPU this way and 102 µs through the session, where a whole row of a run takes 110 and
160 µs without latency: 30 % less (`python -m tests.bench clients`). aiohttp's public hooks bring nothing: with a
`request_class` that writes once, a `response_class` without cookies and prepared headers it is 104 µs. With 50 ms of
latency the rate is the same either way.

Connections, TLS, the pool, framing and the parser are aiohttp's here too; what is here alone is the writing of a head.
`fits` says whether the installed aiohttp has what this stands on (`make wire` tests every minor version that is
allowed); where it does not, or a proxy, a middleware or an instrumentation has its say, the client goes through the
session.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.helpers import TimerNoop
from yarl import URL

SWITCHED = 101  # of all 1xx the only one that no final response follows
LARGEST_HEADER = 256 * 1024  # bytes; a proxy in between may add more than the 8 KB that aiohttp takes by default
MOST_HEADERS = 2000
_PARAMETERS = {"timer", "skip_payload", "read_until_eof", "auto_decompress", "read_timeout"}


class RawResponse(Protocol):
    """The head of a response, and the body as it comes. `release` gives the connection back once the body is read,
    `close` breaks it off; after the other, either does nothing."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> aiohttp.StreamReader: ...
    def release(self) -> object: ...
    def close(self) -> None: ...


def fits(session: aiohttp.ClientSession) -> bool:
    """Whether the installed aiohttp has what `Express` stands on, and nobody has put something before the session (an
    instrumentation, a mock) that would be passed by."""
    asks = type(session)._request.__code__.co_filename
    if asks != inspect.getsourcefile(aiohttp.ClientSession) or session.trace_configs:
        return False
    accepted = set(inspect.signature(ResponseHandler.set_response_params).parameters)
    wanted = set(inspect.signature(aiohttp.BaseConnector.connect).parameters)
    return accepted >= _PARAMETERS and wanted == {"self", "req", "traces", "timeout"}


def header_limits(function: Callable[..., object]) -> dict[str, Any]:
    """How large the head of a response may be, as keyword arguments that a function of this aiohttp takes."""
    wanted = {"max_line_size": LARGEST_HEADER, "max_field_size": LARGEST_HEADER, "max_headers": MOST_HEADERS}
    parameters = inspect.signature(function).parameters
    return {name: limit for name, limit in wanted.items() if name in parameters}


class Express:
    """Posts to one host over a session's connector, with the session's headers. Bodies of responses are read as they
    come, not decompressed."""

    def __init__(self, session: aiohttp.ClientSession, base: URL, timeout: aiohttp.ClientTimeout) -> None:
        assert session.connector is not None
        self._connector, self._timeout = session.connector, timeout
        self._target = aiohttp.ClientRequest("POST", base, loop=asyncio.get_running_loop(), session=session)
        self._header_limits = header_limits(ResponseHandler.set_response_params)
        self._common = _lines({"Host": self._target.headers["Host"], "Accept": "*/*"} | dict(session.headers))

    async def post(self, url: URL, headers: Mapping[str, str], body: bytes | None) -> RawResponse:
        """Send a request; returns once the head of the response is there. Raises as a session does."""
        content = body or b""
        own = f"{_lines(headers)}Content-Length: {len(content)}\r\n"
        head = f"POST {url.raw_path_qs} HTTP/1.1\r\n{self._common}{own}\r\n".encode()
        try:
            connection = await self._connector.connect(self._target, traces=[], timeout=self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError(f"Connection timeout to host {url}") from error
        try:
            protocol = connection.protocol
            assert protocol is not None
            protocol.set_response_params(
                timer=TimerNoop(),
                skip_payload=False,
                read_until_eof=True,
                auto_decompress=False,
                read_timeout=None,
                **self._header_limits,
            )
            if protocol.transport is None or protocol.transport.is_closing():
                raise aiohttp.ClientConnectionResetError("the connection was closed before the request was sent")
            protocol.transport.write(head + content)
            message, payload = await protocol.read()
            while 100 <= message.code < 200 and message.code != SWITCHED:
                message, payload = await protocol.read()
        except BaseException:
            connection.close()
            raise
        return _Response(message.code, message.headers, payload, connection)


class _Response:
    __slots__ = ("_connection", "content", "headers", "status")

    def __init__(
        self, status: int, headers: Mapping[str, str], content: aiohttp.StreamReader, connection: Connection
    ) -> None:
        self.status, self.headers, self.content, self._connection = status, headers, content, connection

    def release(self) -> None:
        self._connection.release()

    def close(self) -> None:
        self._connection.close()


def _lines(headers: Mapping[str, str]) -> str:
    """Headers as they go over the wire. Raises ValueError for what would break out of its line."""
    if not "".join(headers.values()).isprintable():
        raise ValueError("a header holds a control character")
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
