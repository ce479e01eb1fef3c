"""Tokens, quotas and concurrency."""

from __future__ import annotations

import asyncio

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import BOOKING, calling, subscription, until

START = 1_800_000_000.0  # the beginning of an hour


async def test_quotas_by_kind_of_tenant() -> None:
    """An API sandbox has 2,500, 5,000 and 10,000; here scaled to 5, 10 and 20."""
    clock = ManualClock(START)
    async with calling(Options(tenant="api-sandbox", quota_scale=0.002, token_seconds=1e6), clock) as caller:
        response = [await caller.book(number) for number in range(6)]
        assert [answer.status for answer in response] == [200] * 5 + [429]
        assert response[0].headers["ratelimit-limit"] == "5, 5;w=60, 10;w=3600, 20;w=86400"
        assert [answer.headers["ratelimit-remaining"] for answer in response] == ["4", "3", "2", "1", "0", "0"]
        assert response[5].headers["Retry-After"] == response[5].headers["ratelimit-reset"] == "60"
        await clock.advance(60)
        response = [await caller.book(number) for number in range(6)]
        assert [answer.status for answer in response] == [200] * 5 + [429]
        assert int(response[5].headers["Retry-After"]) > 3000
        assert response[5].headers["ratelimit-remaining"] == "0"


async def test_a_refused_request_is_not_saved_under_its_key() -> None:
    """The same key does the work once there is quota again."""
    clock = ManualClock(START)
    async with calling(Options(tenant="api-sandbox", quota_scale=0.0004), clock) as caller:
        assert (await caller.book(1, key="a")).status == 200
        assert (await caller.book(2, key="b")).status == 429
        await clock.advance(60)
        assert (await caller.book(2, key="b")).json["success"] is True


async def test_tenants_have_quotas_of_their_own() -> None:
    """Another client id, another quota."""
    async with calling(Options(tenant="api-sandbox", quota_scale=0.02), ManualClock(START)) as caller:
        statuses = [(await caller.book(number)).status for number in range(51)]
        assert statuses == [200] * 50 + [429]
        await caller.sign_in(client_id="another")
        assert (await caller.book(2)).status == 200


async def test_requests_at_once() -> None:
    """Over the limit: 429 of category 70 with Retry-After, and nothing is done or saved."""
    clock = ManualClock()
    async with calling(Options(concurrency=2, latency=1.0), clock) as caller:
        inside = [asyncio.create_task(caller.book(number, key=f"{number}")) for number in (1, 2)]
        await until(lambda: clock.sleepers == 2)
        refused = await caller.book(3, key="3")
        assert (refused.status, refused.category, refused.headers["Retry-After"]) == (429, 70, "1")
        caller.simulator.change(plain_429=True)
        assert "success" not in (await caller.book(3, key="3")).json
        await clock.advance(1)
        assert [answer.status for answer in await asyncio.gather(*inside)] == [200, 200]
        last = asyncio.create_task(caller.book(3, key="3"))
        await until(lambda: clock.sleepers == 1)
        await clock.advance(1)
        assert (await last).json["success"] is True
        assert (await caller.ask("GET", "/_sim/stats")).json["peakConcurrency"] == 2


async def test_concurrency_headers() -> None:
    """What remains is as it was at the beginning of the second."""
    clock = ManualClock()
    async with calling(Options(concurrency=5), clock) as caller:
        response = await caller.book()
        assert response.headers["Concurrency-Limit-Type"] == "Default"
        assert response.headers["Concurrency-Limit-Limit"] == "5"
        assert response.headers["Concurrency-Limit-Remaining"] == "4"


async def test_entities_have_room_of_their_own() -> None:
    """With Multi-entity the limit is per entity; entity and organisations are recorded with the effect."""
    clock = ManualClock()
    async with calling(Options(concurrency=1, latency=1.0), clock) as caller:
        headers = [{"Zuora-Entity-Ids": entity, "Zuora-Org-Ids": "o1,o2"} for entity in ("a", "b")]
        calls = [
            asyncio.create_task(caller.ask("POST", BOOKING, json=subscription(), headers=header)) for header in headers
        ]
        await until(lambda: clock.sleepers == 2)
        await clock.advance(1)
        assert [answer.status for answer in await asyncio.gather(*calls)] == [200, 200]
        shown = (await caller.ask("GET", "/_sim/effects")).json
        assert {(one["entityIds"], one["orgIds"]) for one in shown["identities"]} == {("a", "o1,o2"), ("b", "o1,o2")}
        assert shown["doubled"] == []
