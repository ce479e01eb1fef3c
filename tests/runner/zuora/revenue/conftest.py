"""Zuora Revenue as servers by others may be, within what is published."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from runner.zuora.auth import Credentials
from runner.zuora.revenue.client import revenue_connected
from runner.zuora.revenue.connection import RevenueAuth, RevenueConnection
from tests.harness.imposter import Arrived, Response, imposter

TOKEN = "a-token-of-revenue"
SECRET = "revenue-hush"


def tokens(arrived: Arrived) -> Response | None:
    """A token, to who asks for one in one of the two ways."""
    if arrived.path == "/oauth2/token":
        good = f"client_secret={SECRET}" in arrived.body.decode()
        return Response(200, {"access_token": TOKEN, "expires_in": 3599}) if good else Response(401, {})
    if arrived.path == "/api/integration/v1/authenticate":
        named = arrived.headers.get("role") == "API Role" and arrived.headers.get("clientname") == "Default"
        return Response(200 if named else 401, {"Message": "Token Generated"}, {"Revpro-Token": TOKEN} if named else {})
    return None


@pytest.fixture
def looked() -> Callable[..., Any]:
    """`looked(do, answer, auth)`: what `do(client)` returns at a server that answers so; and the server, the waits."""

    def look(do: Any, answer: Callable[[Arrived], Response], auth: RevenueAuth = RevenueAuth.ROLE) -> Any:
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        async def run() -> Any:
            connection = RevenueConnection(server.url, Credentials("revenue-user", SECRET), auth)
            async with revenue_connected(connection, sleep) as client:
                return await do(client)

        with imposter(lambda arrived: tokens(arrived) or answer(arrived)) as server:
            return asyncio.run(run()), server, waits

    return look


def shown(body: Any) -> bytes:
    return json.dumps(body).encode()
