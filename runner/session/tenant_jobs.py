"""Commands about the jobs of a tenant: list, follow, stop, templates."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

from runner.config.connection import wire_of
from runner.config.settings import Settings
from runner.domain.errors import Refused
from runner.plan.backfill import TYPES, unknown_type
from runner.zuora.client import connected
from runner.zuora.jobs.admin import list_jobs, stop_job, template_columns, template_text

T = TypeVar("T")


async def tenant_jobs(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """The tenant's newest jobs, by operation."""
    async with connected(wire_of(settings)) as client:
        return await list_jobs(client)


async def stop_tenant_job(settings: Settings, job: str) -> str:
    """Stop a job of the tenant; returns what happens now."""
    async with connected(wire_of(settings)) as client:
        return await stop_job(client, job)


def template_of(settings: Settings, type_: str) -> list[str]:
    """The lines of the tenant's own template for a type of backfill. Raises Refused if it is not to be had."""
    return asyncio.run(_template_lines(settings, type_))


async def _template_lines(settings: Settings, type_: str) -> list[str]:
    async with connected(wire_of(settings)) as client:
        return (await _named(type_, template_text(client, type_))).splitlines()


def templates(settings: Settings, types: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The columns of the tenant's own templates, by type. Raises Refused if one is not to be had."""
    wanted = sorted(set(types))
    return asyncio.run(_templates(settings, wanted)) if wanted else {}


async def _templates(settings: Settings, types: Iterable[str]) -> dict[str, tuple[str, ...]]:
    async with connected(wire_of(settings)) as client:
        return {type_: await _named(type_, template_columns(client, type_)) for type_ in types}


async def _named(type_: str, template: Awaitable[T]) -> T:
    """A template; of a type that is not published, a refusal says what it may have been meant for."""
    try:
        return await template
    except Refused as error:
        if type_ in TYPES:
            raise
        raise Refused(f"{unknown_type(type_)}; {error}") from error
