"""All operations that the simulator imitates, by method and path."""

from __future__ import annotations

from functools import partial

from runner.simulator.accounting_periods import AccountingPeriods
from runner.simulator.backfill import Backfill
from runner.simulator.business_faults import Hindrance
from runner.simulator.context import World
from runner.simulator.data_query import FILES, DataQuery
from runner.simulator.effects import Effects
from runner.simulator.journal_runs import JournalRuns
from runner.simulator.regenerate import REGENERATIONS, Regenerate
from runner.simulator.routes import Routes
from runner.simulator.stats import Counts
from runner.simulator.tenant.records import Records
from runner.simulator.tenant_jobs import AUTO_BACKFILL_JOBS, BOOKING_DATE_JOBS, TenantJobs


def routes_of(world: World, effects: Effects, records: Records, hindrance: Hindrance, counts: Counts) -> Routes:
    """The operations over one world."""
    routes = Routes()
    _add_regenerate(routes, Regenerate(world, effects, hindrance, records))
    for path, jobs in _TENANT_JOBS.items():
        _add_tenant_jobs(routes, path, TenantJobs(jobs, world, effects, hindrance, records))
    _add_backfill(routes, Backfill(world, effects, hindrance, counts, records))
    periods = AccountingPeriods(world, effects, records)
    _add_journal_runs(routes, JournalRuns(world, effects, hindrance, periods))
    _add_periods(routes, periods)
    _add_data_query(routes, DataQuery(world, records, counts))
    return routes


def _add_regenerate(routes: Routes, regenerate: Regenerate) -> None:
    for path in REGENERATIONS:
        routes.add("POST", path, regenerate, idempotent=True)


_TENANT_JOBS = {
    "/v1/uno/data-backfill/bookingdate/jobs": BOOKING_DATE_JOBS,
    "/v1/uno/data-backfill/propagation/jobs": AUTO_BACKFILL_JOBS,
}


def _add_tenant_jobs(routes: Routes, path: str, jobs: TenantJobs) -> None:
    routes.add("POST", path, jobs.create, idempotent=True)
    routes.add("GET", path, jobs.listing)
    routes.add("GET", f"{path}/{{}}", jobs.retrieve)
    routes.add("PUT", f"{path}/{{}}", jobs.stop)


def _add_periods(routes: Routes, periods: AccountingPeriods) -> None:
    begin = "/v1/accounting-periods"
    routes.add("GET", begin, periods.listing)
    routes.add("GET", f"{begin}/{{}}", periods.retrieve)
    routes.add("PUT", f"{begin}/{{}}/run-trial-balance", periods.run_trial_balance)
    for verb, status in (("pending-close", "PendingClose"), ("close", "Closed"), ("reopen", "Open")):
        routes.add("PUT", f"{begin}/{{}}/{verb}", partial(periods.change, status))


def _add_backfill(routes: Routes, backfill: Backfill) -> None:
    begin = "/v1/uno/data-backfill/jobs"
    routes.add("POST", begin, backfill.create)
    routes.add("GET", f"{begin}/{{}}", backfill.retrieve)
    routes.add("PUT", f"{begin}/{{}}", backfill.stop)
    routes.add("GET", f"{begin}/{{}}/template", backfill.template)
    routes.add("GET", "/v1/uno/data-backfill/listjobs", backfill.listing)
    routes.add("GET", "/v1/uno/date-backfill/listjobs", backfill.listing)  # sic: the official SDK's spelling
    routes.add("GET", "/v1/files/{}", backfill.download)


def _add_journal_runs(routes: Routes, runs: JournalRuns) -> None:
    begin = "/v1/journal-runs"
    routes.add("POST", begin, runs.create, idempotent=True)
    routes.add("GET", f"{begin}/{{}}", runs.retrieve)
    routes.add("DELETE", f"{begin}/{{}}", runs.delete)
    routes.add("PUT", f"{begin}/{{}}/cancel", runs.cancel)


def _add_data_query(routes: Routes, queries: DataQuery) -> None:
    begin = "/query/jobs"
    routes.add("POST", begin, queries.submit, idempotent=True)
    routes.add("GET", begin, queries.listing)
    routes.add("GET", f"{begin}/{{}}", queries.retrieve)
    routes.add("DELETE", f"{begin}/{{}}", queries.cancel)
    routes.add("GET", f"{FILES}{{}}", queries.file)
