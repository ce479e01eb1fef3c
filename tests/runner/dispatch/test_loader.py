"""Requests from the ledger, in time."""

from __future__ import annotations

import pytest

from runner.ledger import Claim, Journal, open_writable
from tests.harness.virtual import EPOCH, Tenant, enrolled, settle
from tests.runner.dispatch.test_dispatcher import only


@pytest.mark.parametrize("begun", [(1, 2), (2, 3), (1, 2, 3)])
def test_begun_requests_of_one_lane_do_not_meet_after_a_restart(tmp_path, begun):
    """The tenant refuses to see two of them at once; each is sent again under its own key, in the lane's order."""
    order: list[int] = []

    def script(number: int, arrival: int) -> str:
        order.append(number)
        return "ok"

    path, tenant = enrolled(tmp_path / "l.db", 6, lanes=lambda number: f"lane {number > 3}"), Tenant(script)
    with open_writable(path) as store:
        Journal(store).write([], [Claim(number, 1, 0, int(EPOCH * 1e6) - 1) for number in begun])
    ending, after = settle(path, tenant, concurrency=10)
    assert (ending.status, after) == ("finished", only("succeeded", 6))
    assert tenant.peak == 2
    assert [number for number in order if number <= 3] == [1, 2, 3]
    assert {number: len(keys) for number, keys in tenant.effects.items()} == dict.fromkeys(range(1, 7), 1)


def test_lanes_cost_no_connection(tmp_path):
    """Six versions of each object in a row, and all connections stay busy."""
    tenant = Tenant()
    settle(enrolled(tmp_path / "l.db", 600, lanes=lambda number: f"lane {number // 6}"), tenant, concurrency=20)
    assert tenant.peak == 20
    assert max(tenant.times) - EPOCH < 600 / 20 * 0.05 * 1.3
