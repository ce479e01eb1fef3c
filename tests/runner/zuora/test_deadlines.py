"""Requests that take too long."""

from __future__ import annotations

import asyncio

import pytest

from runner.domain.model import Silence
from runner.zuora.client import connected
from tests.runner.zuora.test_client import REQUEST, raw_server, wire

pytestmark = pytest.mark.usefixtures("way")


async def test_a_server_that_never_answers_is_a_time_out():
    """The whole request has a limit."""

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(stall) as url, connected(wire(url, request_seconds=0.2)) as client:
        answer = await client.send(REQUEST, 0, 1)
    assert isinstance(answer, Silence)
    assert (answer.kind, answer.sent) == ("time-out", True)
