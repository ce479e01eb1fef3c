"""What the simulated tenant reads of an upload."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runner.simulator.conftest import calling
from tests.runner.simulator.test_jobs import CSV, JOBS, upload, zipped


def spoiled(archive: bytes) -> bytes:
    """The zip, which now says of its file that it is encrypted."""
    begin = archive.index(b"PK\x01\x02") + 8
    return archive[:begin] + b"\x01" + archive[begin + 1 :]


@pytest.mark.parametrize(
    ("category", "more"),
    [
        (22, {"type_": None}),
        (20, {"type_": "Colours"}),
        (20, {"checksum": "0" * 32}),
        (20, {"name": "charges.xlsx"}),
        (20, {"name": "charges.zip"}),
        (20, {"content": zipped("notes.txt", CSV), "name": "charges.zip"}),
        (20, {"content": spoiled(zipped("charges.csv", CSV)), "name": "charges.zip"}),
        (20, {"content": b"ID,Rule\n"}),
        (20, {"content": b"ID\n\xff\n"}),
        (20, {"content": b"ID\n" + b"a" * (4 * 1024 * 1024)}),
    ],
)
async def test_uploads_that_are_refused(category: int, more: dict[str, Any]) -> None:
    """Type, checksum, file name, content and size are checked; no job comes of it."""
    async with calling() as caller:
        assert (await upload(caller, **more)).category == category
        assert (await caller.ask("GET", "/v1/uno/data-backfill/listjobs")).json["jobs"] == []


async def test_4_mb_are_allowed() -> None:
    """4,194,304 bytes, not one more."""
    largest = b"I\n" + (b"a" * 511 + b"\n") * (8 * 1024)
    largest = largest[:-2]
    async with calling() as caller:
        assert (await upload(caller, largest)).json["success"] is True
        assert (await upload(caller, largest + b"a")).category == 20


async def test_a_body_that_is_no_form() -> None:
    """Category 90."""
    async with calling() as caller:
        assert (await caller.ask("POST", JOBS, json={"type": "RatePlanCharge"})).category == 90
