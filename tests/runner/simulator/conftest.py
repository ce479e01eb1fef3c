"""A caller that speaks plain HTTP to a simulator, and knows nothing of the runner."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import inspect
import io
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from runner.simulator import Clock, ManualClock, Options, Serving, Simulator, serving, serving_in_thread

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


START = 1_703_068_265.0  # 2023-12-20T05:31:05-05:00, the time of the published export


class Tenant:
    """A simulator as a client sees it."""

    def __init__(self, serving: Serving, client: str = "a") -> None:
        self.url, self.records = serving.url, serving.simulator.records
        form = f"client_id={client}&client_secret=b&grant_type=client_credentials".encode()
        with urllib.request.urlopen(f"{self.url}/oauth/token", form) as response:
            self._token = json.load(response)["access_token"]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        every = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", **headers}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, every, method=method)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def refusal(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        with pytest.raises(urllib.error.HTTPError) as refused:
            self.call(method, path, body)
        return refused.value.code, json.load(refused.value)

    def regenerate(self, name: str, query: str = "") -> list[str]:
        body = {"type": "Subscription", "subscriptionName": name, "subscriptionVersion": 1}
        return self.call("POST", f"/v1/uno-regenerate/booking-transaction{query}", body)["idList"]

    def job(self, sql: str, **fields: Any) -> dict[str, Any]:
        body = {"query": sql, "outputFormat": "CSV", "compression": "NONE", "output": {"target": "S3"}, **fields}
        return self.call("POST", "/query/jobs", body)["data"]

    def content(self, sql: str, **fields: Any) -> bytes:
        job = self.job(sql, **fields)
        with urllib.request.urlopen(job["dataFile"]) as response:
            return response.read()

    def rows(self, sql: str, **fields: Any) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.content(sql, **fields).decode())))

    def failure(self, sql: str, **fields: Any) -> str:
        job = self.job(sql, **fields)
        assert (job["queryStatus"], "dataFile" in job) == ("failed", False)
        return job["errorMessage"]


@contextmanager
def tenants(clock: ManualClock | None = None, **options: Any) -> Iterator[Tenant]:
    with serving_in_thread(Options(**{"job_seconds": 0, **options}), clock=clock) as serving:
        yield Tenant(serving)


@pytest.fixture(scope="module")
def tenant() -> Iterator[Tenant]:
    """A tenant in New York at the time of the published export, with one subscription that was regenerated."""
    with tenants(ManualClock(START), time_zone="America/New_York") as made:
        made.ids = made.regenerate("A-S00000116")
        yield made
