"""The two clocks of a run."""

from __future__ import annotations

from runner.system.clock import Clock
from tests.harness.virtual import EPOCH, VirtualClock, run_virtually


async def test_the_wall_clock_may_jump_and_the_other_does_not(clock):
    """`now` is what the machine shows, also after somebody set it; waits are measured by the loop."""
    both = Clock()
    now, steady = both.now(), both.steady()
    clock.forward(hours=-3)
    assert both.now() < now - 3 * 3600 + 60
    assert 0 <= both.steady() - steady < 60


def test_both_are_virtual_together():
    """In virtual time no test waits for either."""

    async def main() -> tuple[float, float]:
        return VirtualClock().now(), VirtualClock().steady()

    now, steady = run_virtually(main)
    assert now == EPOCH + steady
