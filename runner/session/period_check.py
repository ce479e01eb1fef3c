"""Closed accounting periods, looked up before anything is sent into them.

The tenant is asked where a journal run is due, and on production; elsewhere a plan is made without it. What cannot be
looked up is noted and stops nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from runner.config.connection import wire_of
from runner.config.production import is_guarded
from runner.config.settings import Settings
from runner.domain.errors import RunnerError
from runner.ledger import Store, queries
from runner.plan.closed_periods import Findings, of_journal_runs, of_regenerating
from runner.system.timestamps import utc_now
from runner.zuora.client import connected
from runner.zuora.jobs.accounting_periods import Period, accounting_periods
from runner.zuora.operations import JOURNAL_RUN

PATIENCE_SECONDS = 20.0


def closed_periods(store: Store, settings: Settings, *, always: bool = False) -> Findings:
    """What the run in a ledger would still send into closed periods."""
    journal_runs = queries.pending_bodies(store, JOURNAL_RUN.name)
    left = {step for step, states in queries.counts(store).items() if states.get("pending")}
    regenerating = [step.number for step in queries.steps(store) if step.do == "regenerate" and step.number in left]
    if not (journal_runs or (regenerating and (always or is_guarded(settings)))):
        return Findings()
    try:
        periods = asyncio.run(asyncio.wait_for(_periods(settings), PATIENCE_SECONDS))
    except TimeoutError:
        return Findings(notes=("the accounting periods could not be looked up in time: they are not checked",))
    except RunnerError as error:
        return Findings(notes=(f"the accounting periods could not be looked up, and are not checked: {error}",))
    first = of_journal_runs(journal_runs, periods)
    second = of_regenerating(regenerating, periods, utc_now().date())
    return Findings(first.questions + second.questions, first.notes + second.notes)


async def _periods(settings: Settings) -> Sequence[Period]:
    async with connected(wire_of(settings)) as client:
        return await accounting_periods(client)
