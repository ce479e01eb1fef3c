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


WHOLE = (
    b'--X\r\nContent-Disposition: form-data; name="type"\r\n\r\nRatePlanCharge\r\n'
    b'--X\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\nID\r\nx\r\n'
    b"--X--\r\n"
)


@pytest.mark.parametrize(
    "torn",
    [
        WHOLE[:-7],
        WHOLE[:-4],
        WHOLE[:-9],
        WHOLE[:90],
        WHOLE[:30],
        WHOLE.replace(b"--X", b"--Y"),
        WHOLE.replace(b"name=", b"n="),
    ],
    ids=["no boundary", "half a boundary", "no line", "half", "half a header", "another boundary", "no names"],
)
async def test_a_form_that_is_not_whole_is_refused(torn: bytes) -> None:
    """Without its closing boundary an upload may lack rows: no job comes of it."""
    headers = {"Content-Type": "multipart/form-data; boundary=X"}
    async with calling() as caller:
        assert (await caller.ask("POST", JOBS, data=torn, headers=headers)).category == 90
        assert (
            await caller.ask("POST", JOBS, data=WHOLE, headers={"Content-Type": "multipart/form-data"})
        ).category == 90
        assert (await caller.ask("GET", "/v1/uno/data-backfill/listjobs")).json["jobs"] == []
        assert (await caller.ask("POST", JOBS, data=b"before\r\n" + WHOLE + b"after", headers=headers)).json["success"]
