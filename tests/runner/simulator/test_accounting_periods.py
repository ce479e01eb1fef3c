"""Accounting periods of the simulated tenant, and their trial balances."""

from __future__ import annotations

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import Caller, calling

PERIODS = "/v1/accounting-periods"
RUNS = "/v1/journal-runs"
NOVEMBER = 1_795_000_000.0  # 2026-11-18


async def listed(caller: Caller) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in (await caller.ask("GET", f"{PERIODS}?pageSize=300")).json["accountingPeriods"]}


async def test_months_are_open_or_closed() -> None:
    """By pages of at most 300; what a period shows of itself; the next page is named."""
    async with calling(Options(closed_until="2026-10-31"), ManualClock(NOVEMBER)) as caller:
        periods = await listed(caller)
        assert len(periods) == 48
        assert periods["Oct '26"]["status"] == "Closed"
        november = periods["Nov '26"]
        assert november.items() >= {"startDate": "2026-11-01", "endDate": "2026-11-30", "status": "Open"}.items()
        assert (november["fiscalYear"], november["fiscalQuarter"]) == (2026, 4)
        assert (await caller.ask("GET", f"{PERIODS}/{november['id']}")).json == {"success": True, **november}
        first = (await caller.ask("GET", f"{PERIODS}?pageSize=30")).json
        assert (len(first["accountingPeriods"]), first["nextPage"]) == (30, f"{PERIODS}?page=2&pageSize=30")
        assert (await caller.ask("GET", f"{PERIODS}/none")).category == 40


async def test_periods_are_closed_in_order_and_reopened() -> None:
    """A period closes once all earlier ones are closed; a journal run into a closed one is refused."""
    async with calling(Options(closed_until="2026-10-31"), ManualClock(NOVEMBER)) as caller:
        periods = await listed(caller)
        december, november = periods["Dec '26"]["id"], periods["Nov '26"]["id"]
        assert (await caller.ask("PUT", f"{PERIODS}/{december}/close")).category == 30
        assert (await caller.ask("PUT", f"{PERIODS}/{november}/pending-close")).json == {"success": True}
        assert (await listed(caller))["Nov '26"]["status"] == "PendingClose"
        run = {"journalEntryDate": "2026-11-30", "transactionTypes": [{"type": "Invoice Item"}]}
        for period in (
            {"targetStartDate": "2026-11-01", "targetEndDate": "2026-11-30"},
            {"accountingPeriodName": "Nov '26"},
        ):
            assert (await caller.ask("PUT", f"{PERIODS}/{november}/close")).json == {"success": True}
            assert (await caller.ask("POST", RUNS, json={**run, **period})).category == 30
            assert (await caller.ask("PUT", f"{PERIODS}/{november}/reopen")).json == {"success": True}
            assert (await caller.ask("POST", RUNS, json={**run, **period})).json["success"]


async def test_a_trial_balance_runs_its_course() -> None:
    """Pending, then Completed, or Error with its message; not in a closed period."""
    clock = ManualClock(NOVEMBER)
    async with calling(Options(closed_until="2026-10-31", job_seconds=8), clock) as caller:
        periods = await listed(caller)
        closed, path = (f"{PERIODS}/{periods[name]['id']}" for name in ("Oct '26", "Nov '26"))
        assert (await caller.ask("PUT", f"{closed}/run-trial-balance")).category == 30
        for message, status in (("", "Completed"), ("Missing exchange rate", "Error")):
            caller.simulator.change(trial_balance_error=message)
            assert (await caller.ask("PUT", f"{path}/run-trial-balance")).json == {"success": True}
            assert (await caller.ask("GET", path)).json["runTrialBalanceStatus"] == "Pending"
            await clock.advance(8)
            period = (await caller.ask("GET", path)).json
            assert period["runTrialBalanceStatus"] == status
            assert period.get("runTrialBalanceErrorMessage", "") == message


async def test_a_missing_permission_is_stated() -> None:
    """In the shape of each API."""
    async with calling(Options(denied_paths=("/v1/accounting-periods", "/query/"))) as caller:
        assert (await caller.ask("GET", PERIODS)).category == 10
        denied = await caller.ask("GET", "/query/jobs")
        assert (denied.status, denied.json) == (403, {"code": 403, "message": "Access denied"})
