"""A caller that speaks plain HTTP to a simulator, and knows nothing of the runner."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from runner.simulator import Clock, Options, Simulator, serving

BOOKING = "/v1/uno-regenerate/booking-transaction"
BILLING = "/v1/uno-regenerate/billing-transaction"
CREDENTIALS = {"client_id": "client", "client_secret": "secret", "grant_type": "client_credentials"}


def subscription(number: int = 1) -> dict[str, Any]:
    """The body of one booking request."""
    return {"type": "Subscription", "subscriptionName": f"A-S{number:08d}", "subscriptionVersion": 1}


@dataclass(frozen=True)
class Response:
    """One whole answer."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def category(self) -> int:
        """The last two digits of the first reason's code."""
        return int(self.json["reasons"][0]["code"]) % 100


class Caller:
    """A client with a token."""

    def __init__(self, session: aiohttp.ClientSession, url: str, simulator: Simulator) -> None:
        self._session = session
        self.url = url
        self.simulator = simulator
        self.headers: dict[str, str] = {}

    async def sign_in(self, **changes: str) -> Response:
        """Fetch a token and use it from here on."""
        response = await self.ask("POST", "/oauth/token", data={**CREDENTIALS, **changes})
        if response.status == 200:
            self.headers["Authorization"] = f"Bearer {response.json['access_token']}"
        return response

    async def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> Response:
        """One request, nothing tried again. Raises aiohttp.ClientError if the answer does not come whole."""
        every = {**self.headers, **(headers or {})}
        async with self._session.request(method, self.url + path, headers=every, **more) as answer:
            return Response(answer.status, answer.headers.copy(), await answer.read())

    async def book(self, number: int = 1, *, key: str | None = None, query: str = "", **more: Any) -> Response:
        """Regenerate the booking transactions of one subscription."""
        headers = {"Idempotency-Key": key} if key is not None else {}
        return await self.ask("POST", BOOKING + query, json=subscription(number), headers=headers, **more)

    async def outcome(self, number: int = 1, *, key: str | None = None) -> str:
        """What came of one booking request, in a word or two."""
        try:
            response = await self.book(number, key=key)
        except aiohttp.ClientError:
            return "silence"
        if response.status == 200 and response.body.startswith(b"{") and response.json.get("success") is False:
            return f"category {response.category}"
        return str(response.status)

    def effects(self, path: str = BOOKING) -> list[int]:
        """How often the work was done, for each identity."""
        return [len(entry.effects) for entry in self.simulator.effects.entries(path)]


@contextlib.asynccontextmanager
async def calling(options: Options | None = None, clock: Clock | None = None) -> AsyncIterator[Caller]:
    """A simulator, and a caller who is signed in."""
    async with serving(options, clock=clock) as served, session() as client:
        caller = Caller(client, served.url, served.simulator)
        await caller.sign_in()
        yield caller


# aiohttp from 3.14 on limits how many headers it reads; before, it has no such argument.
_MANY_HEADERS: dict[str, Any] = (
    {"max_headers": 512} if "max_headers" in inspect.signature(aiohttp.ClientSession.__init__).parameters else {}
)


def session() -> aiohttp.ClientSession:
    """A client that opens a connection for each request: a server may close one that is kept."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True, limit=0), max_field_size=1 << 16, **_MANY_HEADERS
    )


async def until(true: Callable[[], bool]) -> None:
    """Let the others act until it is true."""
    while not true():
        await asyncio.sleep(0)
