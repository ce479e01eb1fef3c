"""What the simulator counts."""

from __future__ import annotations

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import calling


async def test_what_stats_tell() -> None:
    """Counts by status, path, fault and second."""
    async with calling(Options(fault_rules={"A-S00000002": "502"}), ManualClock()) as caller:
        for number in (1, 2, 3):
            await caller.book(number)
        stats = (await caller.ask("GET", "/_sim/stats")).json
        assert stats["requests"] == 4
        assert stats["tokenRequests"] == 1
        assert stats["byStatus"] == {"200": 3, "502": 1}
        assert stats["byFault"] == {"502": 1}
        assert stats["bySecond"] == {"1800000000": 4}
        assert stats["peakConcurrency"] == 1
