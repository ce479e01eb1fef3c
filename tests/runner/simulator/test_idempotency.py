"""Keys behave as the guide "Idempotent requests" says, in both of its dialects."""

from __future__ import annotations

import asyncio

import pytest

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import BILLING, BOOKING, calling, subscription, until

DAY = 24 * 3600


async def test_a_replay_is_the_first_answer_again() -> None:
    """Status, body and Zuora-Request-Id come back; the work is done once."""
    async with calling() as caller:
        first = await caller.book(key="k")
        again = await caller.book(key="k")
        assert first.json["success"] is True
        assert (again.status, again.body) == (200, first.body)
        assert again.headers["Zuora-Request-Id"] == first.headers["Zuora-Request-Id"]
        assert caller.effects() == [1]


async def test_the_other_dialect_answers_409_with_the_result() -> None:
    """Status 409, the first body and the first Zuora-Request-Id."""
    async with calling(Options(replay_dialect="409")) as caller:
        first = await caller.book(key="k")
        again = await caller.book(key="k")
        assert (again.status, again.body) == (409, first.body)
        assert again.headers["Zuora-Request-Id"] == first.headers["Zuora-Request-Id"]
        assert caller.effects() == [1]


async def test_the_mixed_dialect_is_settled_by_request() -> None:
    """Some requests are replayed so, some so, and each always in the same way."""

    async def statuses() -> list[int]:
        async with calling(Options(replay_dialect="mixed")) as caller:
            for number in range(20):
                await caller.book(number, key=f"k{number}")
            return [(await caller.book(number, key=f"k{number}")).status for number in range(20)]

    first = await statuses()
    assert set(first) == {200, 409}
    assert await statuses() == first


async def test_a_failure_is_saved_too() -> None:
    """A permanent failure comes back with the same requestId."""
    async with calling() as caller:
        body = {"type": "Invoice", "number": "MISSING-1"}
        response = [await caller.ask("POST", BILLING, json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
        assert response[0].category == 40
        assert response[0].body == response[1].body
        assert caller.effects(BILLING) == [0]


async def test_a_key_lives_for_24_hours() -> None:
    """A second before it is a replay, then the work is done again, and the doubled effect is visible."""
    clock = ManualClock()
    async with calling(Options(token_seconds=10 * DAY), clock) as caller:
        first = await caller.book(key="k")
        await clock.advance(DAY - 1)
        assert (await caller.book(key="k")).headers["Zuora-Request-Id"] == first.headers["Zuora-Request-Id"]
        await clock.advance(1)
        assert (await caller.book(key="k")).headers["Zuora-Request-Id"] != first.headers["Zuora-Request-Id"]
        assert caller.effects() == [2]
        assert (await caller.ask("GET", "/_sim/stats")).json["doubled"] == 1


async def test_409_while_the_first_is_in_progress() -> None:
    """The second does no work and is no saved answer."""
    clock = ManualClock()
    async with calling(Options(latency=5.0), clock) as caller:
        first = asyncio.create_task(caller.book(key="k"))
        await until(lambda: clock.sleepers == 1)
        second = await caller.book(key="k")
        assert (second.status, second.json["success"]) == (409, False)
        await clock.advance(5)
        assert (await first).json["success"] is True
        assert caller.effects() == [1]


@pytest.mark.parametrize(
    ("path", "number"),
    [(BOOKING, 2), (BOOKING + "?reMigrate=true", 1), (BILLING, 1)],
)
async def test_422_for_a_key_that_meant_something_else(path: str, number: int) -> None:
    """Another body, query or path under the same key is a mistake of the caller."""
    async with calling() as caller:
        await caller.book(1, key="k")
        response = await caller.ask("POST", path, json=subscription(number), headers={"Idempotency-Key": "k"})
        assert (response.status, response.json["success"]) == (422, False)


async def test_422_for_a_key_of_another_tenant() -> None:
    """The same request under the same key by another client."""
    async with calling() as caller:
        await caller.book(key="k")
        await caller.sign_in(client_id="another")
        assert (await caller.book(key="k")).status == 422


async def test_a_new_token_is_not_another_tenant() -> None:
    """The replay holds over a change of tokens."""
    async with calling() as caller:
        await caller.book(key="k")
        await caller.sign_in()
        assert (await caller.book(key="k")).status == 200
        assert caller.effects() == [1]


async def test_a_key_has_at_most_255_characters() -> None:
    """255 is accepted, 256 refused and nothing done."""
    async with calling() as caller:
        assert (await caller.book(1, key="k" * 255)).status == 200
        refused = await caller.book(2, key="k" * 256)
        assert (refused.status, refused.category) == (400, 20)
        assert caller.effects() == [1, 0]


async def test_without_a_key_the_work_is_done_every_time() -> None:
    """Two requests without a key are two effects."""
    async with calling() as caller:
        await caller.book()
        await caller.book()
        assert caller.effects() == [2]


async def test_another_key_doubles_the_effect_and_that_is_visible() -> None:
    """`GET /_sim/effects` shows which keys did the work, and that it was done twice."""
    async with calling() as caller:
        await caller.book(key="k-0")
        await caller.book(key="k-1")
        shown = (await caller.ask("GET", "/_sim/effects")).json
        (identity,) = shown["identities"]
        assert shown["doubled"] == [identity["id"]]
        assert [effect["key"] for effect in identity["effects"]] == ["k-0", "k-1"]
        assert identity["effects"][0]["ids"] == identity["effects"][1]["ids"]
