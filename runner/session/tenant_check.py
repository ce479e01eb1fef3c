"""`reconcile --query`: queries the tenant for the transactions of a run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.ledger import Store

if TYPE_CHECKING:
    from runner.audit.check import Check
    from runner.audit.revenue_check import RowInRevenue
    from runner.audit.tenant_query import Inquiry
    from runner.config.settings import Flags


@dataclass(frozen=True)
class TenantAnswer:
    """What the tenant shows of a run, and with `states` what Revenue shows, where it was looked at."""

    billing: Inquiry
    revenue_checks: tuple[Check, ...] = ()
    revenue_files: tuple[Path, ...] = ()
    states: tuple[RowInRevenue, ...] = ()

    @property
    def checks(self) -> list[Check]:
        """All checks."""
        return [*self.billing.checks, *self.revenue_checks]

    @property
    def files(self) -> list[Path]:
        """All files that were written."""
        return [*self.billing.files, *self.revenue_files]


def query_tenant(store: Store, folder: Path, flags: Flags, *, revenue: bool = False) -> TenantAnswer:
    """Query the run's own tenant, and with `revenue` its Zuora Revenue, too."""
    from runner.audit.revenue_check import RevenueAccess, inquire_revenue
    from runner.audit.tenant_query import data_query_of, inquire
    from runner.config.connection import tenant_of
    from runner.config.production import refuse_read_only
    from runner.config.revenue import revenue_connection_of
    from runner.session.ownership import refuse_other_tenant
    from runner.session.run_settings import settings_of_run, wire_of_run
    from runner.zuora.client import connected

    facts = store.facts()
    _, settings = settings_of_run(flags, facts)
    refuse_read_only(settings, "a data query is a POST")
    refuse_other_tenant(facts, settings, tenant_of(settings))
    connection = revenue_connection_of(settings) if revenue else None

    async def ask() -> TenantAnswer:
        async with connected(wire_of_run(settings, facts)) as client:
            tenant = data_query_of(store, client, asyncio.sleep)
            answer = TenantAnswer(await inquire(store, folder, tenant))
            if revenue:
                access = RevenueAccess(tenant, connection, settings.profile.revenue_by == "rest")
                further = await inquire_revenue(store, folder, access, answer.billing.tables)
                answer = TenantAnswer(
                    answer.billing, tuple(further.checks), tuple(further.files), tuple(further.states)
                )
            tenant.forget()
            return answer

    return asyncio.run(ask())
