"""Commands about the jobs of a tenant: list, follow, stop, templates."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from runner.config.connection import wire_of
from runner.config.settings import Settings
from runner.domain.errors import Refused
from runner.plan.backfill import refuse_type
from runner.zuora.client import connected
from runner.zuora.jobs.admin import (
    BACKFILLS,
    BOOKING_DATES,
    JOURNAL_RUNS,
    STOPPING,
    _asked,
    _columns,
    _is_there,
    _listed,
    _template,
)
from runner.zuora.jobs.listing import LIST_PATH


async def _jobs(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    async with connected(wire_of(settings)) as client:
        return {
            "data-backfill": await _listed(client, LIST_PATH),
            "booking-dates": await _listed(client, BOOKING_DATES),
        }


async def _stop(settings: Settings, job: str) -> str:
    name = quote(job, safe="")
    async with connected(wire_of(settings)) as client:
        if job.upper().startswith("JR-"):
            await _asked(client, "PUT", f"{JOURNAL_RUNS}/{name}/cancel")
            return f"journal run {job} is being cancelled"
        for kind, path in (("data backfill", BACKFILLS), ("booking date backfill", BOOKING_DATES)):
            if await _is_there(client, f"{path}/{name}"):
                await _asked(client, "PUT", f"{path}/{name}", STOPPING)
                return f"{kind} job {job} is stopping"
    raise Refused(f"there is no job {job!r} in this tenant; `regen jobs` lists them")


def template_of(settings: Settings, type_: str) -> list[str]:
    """The lines of the tenant's own template for a type of backfill. Raises Refused if it is not to be had."""
    refuse_type(type_)
    return asyncio.run(_template_lines(settings, type_))


async def _template_lines(settings: Settings, type_: str) -> list[str]:
    async with connected(wire_of(settings)) as client:
        return (await _template(client, type_)).splitlines()


def templates(settings: Settings, types: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The columns of the tenant's own templates, by type. Raises Refused if one is not to be had."""
    wanted = sorted(set(types))
    return asyncio.run(_templates(settings, wanted)) if wanted else {}


async def _templates(settings: Settings, types: Iterable[str]) -> dict[str, tuple[str, ...]]:
    async with connected(wire_of(settings)) as client:
        return {type_: await _columns(client, type_) for type_ in types}
