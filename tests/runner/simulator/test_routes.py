"""Which operation answers to which path."""

from __future__ import annotations

from tests.runner.simulator.conftest import BOOKING, calling


async def test_unknown_paths() -> None:
    """404 and 405 have no envelope."""
    async with calling() as caller:
        assert (await caller.ask("POST", "/v1/uno-regenerate/booking")).status == 404
        assert (await caller.ask("GET", BOOKING)).status == 405


async def test_a_segment_is_an_argument() -> None:
    """One segment, decoded; what stands before the API answers before it is known whether there is such a path."""
    async with calling() as caller:
        jobs = "/v1/uno/data-backfill/jobs"
        assert "b 1" in (await caller.ask("GET", f"{jobs}/b%201")).json["reasons"][0]["message"]
        assert (await caller.ask("GET", f"{jobs}/a/b")).status == 404
        assert (await caller.ask("DELETE", f"{jobs}/a")).status == 405
        assert (await caller.ask("POST", "/nowhere", headers={"Authorization": "Bearer none"})).status == 401
        caller.simulator.reset()
        assert (await caller.book()).json["success"] is True
