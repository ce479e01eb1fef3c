"""The journal runs of the simulated tenant."""

from __future__ import annotations

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import calling
from tests.runner.simulator.test_jobs import RUNS, journal


async def test_a_journal_run_runs_its_course() -> None:
    """Pending, Processing, Completed; the number is the next of a series."""
    clock = ManualClock()
    async with calling(Options(job_seconds=8.0), clock) as caller:
        created = await caller.ask("POST", RUNS, json=journal(), headers={"Idempotency-Key": "k"})
        assert created.json == {"success": True, "journalRunNumber": "JR-00000001"}
        seen = []
        for _ in range(4):
            run = (await caller.ask("GET", f"{RUNS}/JR-00000001")).json
            seen.append(run["status"])
            await clock.advance(3)
        assert seen == ["Pending", "Processing", "Processing", "Completed"]
        assert (run["targetStartDate"], run["targetEndDate"]) == ("2026-11-01", "2026-11-30")
        assert run["totalJournalEntryCount"] == 6
        assert run["transactionTypes"] == journal()["transactionTypes"]
        assert (await caller.ask("PUT", f"{RUNS}/JR-00000001/cancel")).category == 30
        assert (await caller.ask("DELETE", f"{RUNS}/JR-00000001")).category == 30


async def test_journal_runs_are_cancelled_and_deleted() -> None:
    """Processing, CancelInprogress, Cancelled, DeleteInprogress, gone."""
    clock = ManualClock()
    async with calling(Options(job_seconds=8.0), clock) as caller:
        await caller.ask("POST", RUNS, json=journal())
        path = f"{RUNS}/JR-00000001"

        async def status() -> str:
            return (await caller.ask("GET", path)).json["status"]

        await clock.advance(3)
        assert (await caller.ask("PUT", f"{path}/cancel")).json == {"success": True}
        assert await status() == "CancelInprogress"
        await clock.advance(2)
        assert await status() == "Cancelled"
        assert (await caller.ask("DELETE", path)).json == {"success": True}
        assert await status() == "DeleteInprogress"
        await clock.advance(8)
        assert (await caller.ask("GET", path)).category == 40
        assert (await caller.ask("PUT", f"{path}/cancel")).category == 40
        assert (await caller.ask("DELETE", path)).category == 40


async def test_a_journal_run_that_ends_in_error() -> None:
    """By the name of its accounting period."""
    clock = ManualClock()
    async with calling(Options(), clock) as caller:
        await caller.ask("POST", RUNS, json=journal(accountingPeriodName="FAIL-2026"))
        await clock.advance(1)
        assert (await caller.ask("GET", f"{RUNS}/JR-00000001")).json["status"] == "Error"
