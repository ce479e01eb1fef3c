"""`reconcile --query`: the tenant is asked for the transactions of a run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runner.ledger import Store

if TYPE_CHECKING:
    from runner.audit.tenant_query import Inquiry
    from runner.config.settings import Flags


def _inquired(store: Store, place: Path, flags: Flags) -> Inquiry:
    """Ask the run's own tenant."""
    from runner.audit.tenant_query import inquire
    from runner.config.connection import tenant_of, wire_of
    from runner.config.production import refuse_read_only
    from runner.config.settings import gather
    from runner.session.ownership import refuse_other_tenant
    from runner.zuora.client import connected

    facts = store.facts()
    if flags.base_url is None and flags.profile is None:
        flags = replace(flags, base_url=facts.base_url, profile=facts.profile)
    settings = gather(flags)
    refuse_read_only(settings, "a data query is a POST")
    refuse_other_tenant(facts, settings, tenant_of(settings))

    async def ask() -> Inquiry:
        async with connected(wire_of(settings)) as client:
            return await inquire(store, place, client, asyncio.sleep)

    return asyncio.run(ask())
