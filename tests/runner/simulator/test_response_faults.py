"""Responses that are not as the API documents them."""

from __future__ import annotations

import gzip
import zlib

import aiohttp
import pytest

from runner.simulator import Options
from tests.runner.simulator.conftest import BOOKING, calling
from tests.runner.simulator.test_faults import once


async def test_wrong_shapes() -> None:
    """What the damaged answers look like."""
    async with calling(once("idlist-not-list")) as caller:
        assert isinstance((await caller.book(1)).json["idList"], str)
        caller.simulator.change({"idlist-missing": 1.0})
        assert (await caller.book(2)).json == {"success": True}
        caller.simulator.change({"success-missing": 1.0})
        assert set((await caller.book(3)).json) == {"idList"}
        caller.simulator.change({"html-200": 1.0})
        assert (await caller.book(4)).headers["Content-Type"] == "text/html"
        caller.simulator.change({"not-json": 1.0})
        assert (await caller.book(5)).body == b"OK"


async def test_a_gzip_stream_that_breaks_off() -> None:
    """The HTTP body is whole, what it holds is not."""
    async with calling(once("torn-gzip")) as caller:
        client = aiohttp.ClientSession(auto_decompress=False)
        async with client, client.post(caller.url + BOOKING, data=b"{}", headers=caller.headers) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            with pytest.raises((EOFError, zlib.error)):
                gzip.decompress(await answer.read())


async def test_retry_after_stands_on_429_and_503() -> None:
    """In seconds."""
    async with calling(Options(faults={"503": 0.5, "429": 0.5}, fault_arrivals=1, retry_after=7)) as caller:
        response = [await caller.book(number) for number in range(8)]
        assert {answer.status for answer in response} == {429, 503}
        assert {answer.headers["Retry-After"] for answer in response} == {"7"}
