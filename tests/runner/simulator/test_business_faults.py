"""Refusals of work that was requested in due form."""

from __future__ import annotations

from runner.simulator import Options
from tests.runner.simulator.conftest import calling


async def test_permanent_faults_hold_for_every_key() -> None:
    """An object that is not found, not allowed or not in the right state stays so."""
    for name, category in (("not-found", 40), ("rule", 30), ("no-permission", 10)):
        async with calling(Options(faults={name: 1.0})) as caller:
            response = [await caller.book(key=f"k{n}") for n in range(4)]
            assert {answer.category for answer in response} == {category}
            assert caller.effects() == [0]
