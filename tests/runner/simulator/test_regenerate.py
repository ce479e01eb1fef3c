"""What a regenerate call answers."""

from __future__ import annotations

from runner.simulator import Options
from tests.runner.simulator.conftest import calling
from tests.runner.simulator.test_validation import category

EVENTS = "/v1/uno-regenerate/rev-rec-events"


CONSUMPTION = f"{EVENTS}/daily-consumption"


async def test_revenue_events() -> None:
    """Both operations that regenerate revenue recognition events."""
    async with calling() as caller:
        assert await category(caller, f"{EVENTS}?subscriptionNumber=A-S1&mode=Full&forRevenueRecollect=true", b"") == 0
        assert await category(caller, EVENTS, b"") == 23
        assert await category(caller, f"{EVENTS}?subscriptionNumber=A-S1&mode=Half", b"") == 27
        assert await category(caller, f"{EVENTS}?subscriptionNumber=MISSING", b"") == 40
        assert await category(caller, CONSUMPTION, {"originalChargeId": "a", "fundId": "f"}) == 0
        assert await category(caller, CONSUMPTION, {"fundId": "f"}) == 22
        assert await category(caller, CONSUMPTION, {"originalChargeId": 1}) == 20
        assert await category(caller, CONSUMPTION, {"originalChargeId": "a", "x": "y"}) == 21


async def test_id_lists() -> None:
    """One to three ids of 32 hex characters, the same for the same request; empty by option."""
    async with calling() as caller:
        lists = [(await caller.book(number)).json["idList"] for number in range(30)]
        assert {len(ids) for ids in lists} == {1, 2, 3}
        assert all(len(id_) == 32 and set(id_) <= set("0123456789abcdef") for ids in lists for id_ in ids)
        assert (await caller.book(7)).json["idList"] == lists[7]
    async with calling(Options(empty_id_list=1.0)) as caller:
        assert (await caller.book()).json == {"success": True, "idList": []}
