"""Requests that are written by hand over a connection of aiohttp's pool."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from yarl import URL

from runner.zuora.express import Express


class Transport:
    """A transport that is closing: the server has ended the connection, and the pool does not know yet."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def is_closing(self) -> bool:
        return True

    def write(self, data: bytes) -> None:
        self.written.append(data)


class Pool:
    """Hands out one connection, and remembers that it was closed."""

    def __init__(self, transport: Transport | None) -> None:
        self.transport, self.protocol, self.closed = transport, self, False

    async def connect(self, *args: Any, **options: Any) -> Pool:
        return self

    def set_response_params(self, **options: Any) -> None: ...

    async def read(self) -> Any:
        raise AssertionError("nothing was sent, so nothing can be read")

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("transport", [Transport(), None])
def test_nothing_is_written_to_a_connection_that_is_closing(transport):
    """What is written to it may arrive or not: the request would be in doubt for nothing."""

    async def main() -> Pool:
        pool = Pool(transport)
        async with aiohttp.ClientSession() as session:
            express = Express(session, URL("http://127.0.0.1:9"), aiohttp.ClientTimeout(total=None))
            express._connector = pool
            with pytest.raises(aiohttp.ClientConnectionResetError, match="before the request was sent"):
                await express.post(URL("http://127.0.0.1:9/v1/x"), {"Idempotency-Key": "k"}, b"{}")
        return pool

    pool = asyncio.run(main())
    assert pool.closed
    assert transport is None or transport.written == []
