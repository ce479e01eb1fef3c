"""What the simulator shows of the effects of requests."""

from __future__ import annotations

import asyncio
import json

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import BOOKING, calling, subscription


async def test_what_effects_tell() -> None:
    """Everything that a proof of exactly-once needs."""
    async with calling(Options(), ManualClock()) as caller:
        caller.headers.update({"Zuora-Track-Id": "t", "Zuora-Entity-Ids": "e", "Zuora-Org-Ids": "o"})
        ids = (await caller.book(key="k", query="?reMigrate=true")).json["idList"]
        await caller.book(key="k", query="?reMigrate=true")
        (identity,) = (await caller.ask("GET", "/_sim/effects")).json["identities"]
        assert identity.pop("id")
        assert identity == {
            "method": "POST",
            "path": "/v1/uno-regenerate/booking-transaction",
            "query": {"reMigrate": "true"},
            "body": {"type": "Subscription", "subscriptionName": "A-S00000001", "subscriptionVersion": 1},
            "entityIds": "e",
            "orgIds": "o",
            "arrivals": 2,
            "failures": 0,
            "keys": ["k", "k"],
            "trackIds": ["t", "t"],
            "effects": [{"key": "k", "ids": ids, "at": 1_800_000_000.0}],
        }


async def test_headers_that_are_no_text_can_be_shown() -> None:
    """Bytes that are no UTF-8 do not spoil the record."""
    async with calling() as caller:
        head = f"POST {BOOKING} HTTP/1.1\r\nHost: x\r\nAuthorization: {caller.headers['Authorization']}\r\n"
        body = json.dumps(subscription()).encode()
        host, port = caller.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head.encode() + b"Idempotency-Key: \xff\r\nConnection: close\r\n")
        writer.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert b'"success":true' in await reader.read()
        writer.close()
        (identity,) = (await caller.ask("GET", "/_sim/effects")).json["identities"]
        assert identity["keys"] == ["\N{REPLACEMENT CHARACTER}"]
