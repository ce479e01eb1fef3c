"""What every answer of the simulator bears."""

from __future__ import annotations

from tests.runner.simulator.conftest import BOOKING, calling, subscription


async def test_track_ids_come_back() -> None:
    """Echoed; refused if longer than 64 or with one of the four characters."""
    async with calling() as caller:
        for track, status in (("t" * 64, 200), ("t" * 65, 400), ("a:b", 400), ('a"b', 400)):
            response = await caller.ask("POST", BOOKING, json=subscription(), headers={"Zuora-Track-Id": track})
            assert response.status == status
            assert response.headers["Zuora-Track-Id"] == track


async def test_every_request_has_its_own_id() -> None:
    """Zuora-Request-Id, and the requestId of an envelope is the same."""
    async with calling() as caller:
        response = [await caller.ask("POST", BOOKING, json={}) for _ in range(3)]
        assert len({answer.headers["Zuora-Request-Id"] for answer in response}) == 3
        assert all(answer.json["requestId"] == answer.headers["Zuora-Request-Id"] for answer in response)
