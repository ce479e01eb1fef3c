"""Lists in pages."""

from __future__ import annotations

import pytest

from tests.runner.simulator.conftest import calling
from tests.runner.simulator.test_jobs import upload


@pytest.mark.parametrize("path", ["/v1/uno/data-backfill/listjobs", "/v1/uno/date-backfill/listjobs"])
async def test_lists_have_pages(path: str) -> None:
    """The newest first, 20 to a page and 40 at most."""
    async with calling() as caller:
        for number in range(45):
            await upload(caller, name=f"part-{number}.csv")
        first = (await caller.ask("GET", path)).json
        assert [job["uploadedFileName"] for job in first["jobs"]] == [f"part-{n}.csv" for n in range(44, 24, -1)]
        third = (await caller.ask("GET", f"{path}?page=3")).json
        assert len(third["jobs"]) == 5
        assert "nextPage" not in third
        wide = (await caller.ask("GET", f"{path}?pageSize=100")).json
        assert len(wide["jobs"]) == 40
        rest = (await caller.ask("GET", wide["nextPage"])).json
        assert len(rest["jobs"]) == 5
        assert (await caller.ask("GET", f"{path}?page=0")).category == 27
