"""Chance that depends on the seed and the request alone."""

from __future__ import annotations

from runner.simulator import Options
from tests.runner.simulator.conftest import Caller, calling

MANY = {name: 0.05 for name in ("drop-before", "502", "503", "lost-answer", "torn-body", "not-json", "locking")}


async def outcomes(caller: Caller, order: list[int]) -> dict[int, list[str]]:
    """Three arrivals of each request, in the order given."""
    response: dict[int, list[str]] = {number: [] for number in order}
    for turn in range(3):
        for number in order:
            response[number].append(await caller.outcome(number, key=f"{number}-{turn}"))
    return response


async def test_faults_do_not_depend_on_the_order_of_arrival() -> None:
    """Same seed, other order: same fates. Another seed: others."""

    async def rehearse(seed: int, order: list[int]) -> dict[int, list[str]]:
        async with calling(Options(seed=seed, faults=MANY)) as caller:
            return await outcomes(caller, order)

    forward = list(range(40))
    first = await rehearse(1, forward)
    assert await rehearse(1, forward[::-1]) == first
    assert await rehearse(2, forward) != first
    assert len({response[0] for response in first.values()}) > 3
