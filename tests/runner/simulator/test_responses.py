"""The shape of the simulator's answers."""

from __future__ import annotations

from tests.runner.simulator.conftest import BOOKING, calling


async def test_a_code_is_six_digits_and_two() -> None:
    """A number, or a string by option."""
    async with calling() as caller:
        code = (await caller.ask("POST", BOOKING, json={})).json["reasons"][0]["code"]
        assert isinstance(code, int)
        assert len(str(code)) == 8
        caller.simulator.change(code_style="string")
        assert (await caller.ask("POST", BOOKING, json={})).json["reasons"][0]["code"] == str(code)


async def test_long_answers_are_compressed_on_request() -> None:
    """Over 1,000 bytes, with Accept-Encoding: gzip."""
    async with calling() as caller:
        for number in range(12):
            await caller.ask("POST", "/v1/uno/data-backfill/bookingdate/jobs", headers={"Idempotency-Key": f"{number}"})
        path = "/v1/uno/data-backfill/bookingdate/jobs"
        packed = await caller.ask("GET", path, headers={"Accept-Encoding": "gzip"})
        plain = await caller.ask("GET", path, headers={"Accept-Encoding": "identity"})
        short = await caller.book()
        assert packed.headers.get("Content-Encoding") == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert "Content-Encoding" not in short.headers
        assert len(packed.json["jobs"]) == 12
