"""Which operation answers to which path."""

from __future__ import annotations

from tests.runner.simulator.conftest import BOOKING, calling


async def test_unknown_paths() -> None:
    """404 and 405 have no envelope."""
    async with calling() as caller:
        assert (await caller.ask("POST", "/v1/uno-regenerate/booking")).status == 404
        assert (await caller.ask("GET", BOOKING)).status == 405
