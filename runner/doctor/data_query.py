"""Whether the tenant answers data queries about its transactions and about Zuora Revenue, and which permission it
wants. `select`, `reconcile --query` and `reconcile --revenue` need them; a run does not.

The list of jobs is asked by a GET first; `SHOW COLUMNS` changes nothing, but is submitted by a POST.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from runner.doctor.finding import Finding, ok, warn
from runner.domain.model import Reply
from runner.zuora.client import Client
from runner.zuora.data_query.client import DataQuery
from runner.zuora.data_query.job import PATH, QueryFailedError
from runner.zuora.envelope import failure
from runner.zuora.transaction_tables import BILLING_TRANSACTION, BOOKING_TRANSACTION

PATIENCE_SECONDS = 60.0
REVENUE_TABLES = tuple(
    f"revenuelive.{name}" for name in ("revenuelinestaging", "revenuelinestaginghistory", "revenuelinestageerrors")
)
QUERIES = 'give the user the Platform permission "Run Data Queries (In UI Or API)"; without it no select or --query'
TRANSACTIONS = 'Order to Revenue must be enabled, and the user needs the Billing permission "Manage OTR Settings"'
REVENUE = (
    "without it, reconcile --revenue has no data queries: have Zuora Revenue's profile ENABLE_DATAQUERY_SERVICE "
    "switched on, or set revenue_base_url for its REST API"
)


async def data_query_findings(client: Client, *, read_only: bool) -> AsyncIterator[Finding]:
    """Findings about Data Query itself, the transaction tables, and Revenue's tables."""
    answer = await client.ask("GET", f"{PATH}?pageSize=1")
    if not isinstance(answer, Reply) or answer.status != 200:
        status = f"HTTP {answer.status}: " if isinstance(answer, Reply) else ""
        yield warn("data-query", f"{status}{failure(answer).removeprefix(status)}", QUERIES)
        return
    if read_only:
        yield ok("data-query", "its jobs can be listed; a read_only profile submits none")
        return
    query = DataQuery(client)
    names = (BOOKING_TRANSACTION.sql_name, BILLING_TRANSACTION.sql_name)
    transactions = _shown(query, "data-query", names, TRANSACTIONS)
    for finding in await asyncio.gather(transactions, _shown(query, "revenue", REVENUE_TABLES, REVENUE)):
        yield finding


async def _shown(query: DataQuery, name: str, tables: Sequence[str], remedy: str) -> Finding:
    """Whether all of these tables are shown; the tenant's reason if one is not."""
    problems = await asyncio.gather(*(_problem(query, table, remedy) for table in tables))
    for problem in problems:
        if problem is not None:
            return warn(name, *problem)
    return ok(name, f"the tenant shows {', '.join(tables)}")


async def _problem(query: DataQuery, table: str, remedy: str) -> tuple[str, str] | None:
    """Why a table is not shown and what to do; None if it is shown."""
    try:
        await asyncio.wait_for(query.columns(table), PATIENCE_SECONDS)
    except QueryFailedError as error:
        return f"{table}: {error}", QUERIES if "does not answer data queries: HTTP 403" in str(error) else remedy
    except TimeoutError:
        message = f"{table}: no answer within {PATIENCE_SECONDS:g} s"
        return message, "the tenant may be busy with other queries: try again later"
    return None
