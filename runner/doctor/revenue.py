"""Whether Zuora Revenue's own REST API answers, and which permission it wants: `reconcile --revenue` may need it.

It is asked by GETs alone, and by the POST that fetches a token; the columns of the BI views change nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from runner.config.revenue import revenue_connection_of
from runner.config.settings import Settings
from runner.doctor.finding import Finding, fail, ok, warn
from runner.domain.errors import Refused
from runner.zuora.revenue.bi_view import BILLS, CONTRACT_LINES, HISTORY
from runner.zuora.revenue.bi_view import PATH as VIEWS
from runner.zuora.revenue.client import OUTBOUND, RevenueClient, RevenueUnavailableError, refused, revenue_connected
from runner.zuora.revenue.stage_errors import PATH as ERRORS

NAME = "revenue-api"
WHAT_IS_LOST = "without it, reconcile --revenue has only data queries"


async def revenue_findings(settings: Settings) -> AsyncIterator[Finding]:
    """Findings about the API: its token, the errors of staging, the views of what was collected."""
    try:
        connection = revenue_connection_of(settings)
    except Refused as error:
        yield fail(NAME, str(error), "see `regen config`; or take revenue_base_url out")
        return
    if connection is None:
        return
    async with revenue_connected(connection) as client:
        problem = await _problem(client, ERRORS, "the errors of staging")
        if problem is None:
            views = (HISTORY, CONTRACT_LINES, BILLS)
            problems = [await _problem(client, f"{VIEWS}/{view}/describe-columns", view) for view in views]
            shown = [view for view, each in zip(views, problems, strict=True) if each is None]
            problem = None if shown else problems[0]
        if problem is not None:
            yield problem
        else:
            message = f"{connection.api_url} shows the errors of staging, {', '.join(shown)}"
            yield ok(NAME, message)


async def _problem(client: RevenueClient, path: str, what: str) -> Finding | None:
    """Why something is not shown; None if it is."""
    try:
        page = await client.get(path)
        if page.status in (200, 204):
            return None
        raise refused(path, page)
    except RevenueUnavailableError as error:
        return warn(NAME, f"{what}: {error}", f"{error.remedy or OUTBOUND}; {WHAT_IS_LOST}")
