"""The accounting period operations, and trial balances.

Sources: "List accounting periods" (`page`, `pageSize` at most 300), "Retrieve an accounting period", "Run trial
balance" (asynchronous: Pending, Error, Completed), "Close an accounting period" (all earlier periods must be closed).
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from runner.simulator.clock import readable
from runner.simulator.context import World
from runner.simulator.effects import Effects
from runner.simulator.jobs import Jobs, Stage
from runner.simulator.paging import page_of
from runner.simulator.request import Request
from runner.simulator.responses import (
    ACCOUNTING_PERIODS,
    INVALID_PARAMETER,
    NOT_FOUND,
    RULE,
    Answer,
    Problem,
    failure,
    success,
)
from runner.simulator.seeded_random import hex_ids
from runner.simulator.tenant.catalog import Row
from runner.simulator.tenant.records import Records

TABLE = "accountingperiod"
_MOST = 300
_MONTHS_BEFORE, _MONTHS_AFTER = 36, 12
_BALANCE = {Stage.COMPLETED: "Completed", Stage.FAILED: "Error"}


class AccountingPeriods:
    """The months around now; or, if rows of AccountingPeriod were seeded, those."""

    def __init__(self, world: World, effects: Effects, records: Records) -> None:
        self._world = world
        self._effects = effects
        self._records = records
        self._balances = Jobs(world, "trial balance")

    def listing(self, request: Request) -> Answer:
        """GET /v1/accounting-periods."""
        try:
            page, next_page = page_of(self._periods(), request.query, request.path, _MOST)
        except ValueError as wrong:
            return self._refuse(request, INVALID_PARAMETER, str(wrong))
        return success(request, accountingPeriods=[self._shown(row) for row in page], **next_page)

    def retrieve(self, request: Request, name: str) -> Answer:
        """GET /v1/accounting-periods/{id}."""
        row = self._find(name)
        return self._unknown(request, name) if row is None else success(request, **self._shown(row))

    def run_trial_balance(self, request: Request, name: str) -> Answer:
        """PUT /v1/accounting-periods/{id}/run-trial-balance: what comes of it is shown by the period."""
        row = self._find(name)
        if row is None:
            return self._unknown(request, name)
        if row["status"] == "Closed":
            return self._refuse(request, RULE, f"The accounting period {row['name']} is closed")
        number = self._world.serial("trial balance")
        fails = bool(self._world.options.trial_balance_error)
        job = self._balances.create(f"{row['id']} {number}", number, {"period": row["id"]}, fails=fails)
        self._effects.record(request, [job.name])
        return success(request)

    def change(self, status: str, request: Request, name: str) -> Answer:
        """PUT /v1/accounting-periods/{id}/pending-close, /close, /reopen."""
        row = self._find(name)
        if row is None:
            return self._unknown(request, name)
        earlier = [other for other in self._periods() if other["enddate"] < row["startdate"]]
        if status == "Closed" and any(other["status"] != "Closed" for other in earlier):
            return self._refuse(request, RULE, "All earlier accounting periods must be closed")
        self._keep(
            [{**other, "status": status if other["id"] == row["id"] else other["status"]} for other in self._periods()]
        )
        return success(request)

    def closed_for(self, body: dict[str, Any]) -> bool:
        """Whether a journal run would write into a closed period."""
        day, name = str(body.get("journalEntryDate", "")), body.get("accountingPeriodName")
        return any(
            row["status"] == "Closed" and (row["name"] == name or (not name and _holds(row, day)))
            for row in self._periods()
        )

    # -- rows ---------------------------------------------------------------------------------------------------

    def _periods(self) -> list[Row]:
        seeded = list(self._records.catalog.every(TABLE))
        return sorted(seeded or self._months(), key=lambda row: row["startdate"])

    def _months(self) -> Iterator[Row]:
        """One for each month around now, named as `Nov '26`."""
        now = datetime.fromtimestamp(self._world.now(), UTC)
        closed_until = self._world.options.closed_until
        for offset in range(-_MONTHS_BEFORE, _MONTHS_AFTER):
            year, month = divmod(now.year * 12 + now.month - 1 + offset, 12)
            start = date(year, month + 1, 1)
            end = start.replace(day=calendar.monthrange(year, month + 1)[1])
            (identity,) = hex_ids(self._world.options.seed, 1, TABLE, start)
            status = "Closed" if closed_until and end <= date.fromisoformat(closed_until) else "Open"
            yield {
                "id": identity,
                "name": f"{start:%b} '{start:%y}",
                "startdate": start,
                "enddate": end,
                "status": status,
            }

    def _keep(self, rows: list[Row]) -> None:
        names = ("id", "name", "startdate", "enddate", "status")
        self._records.insert(TABLE, [{name: row[name] for name in names} for row in rows])

    def _find(self, name: str) -> Row | None:
        return next((row for row in self._periods() if row["id"] == name), None)

    def _shown(self, row: Row) -> dict[str, Any]:
        start = row["startdate"]
        shown = {
            "id": row["id"],
            "name": row["name"],
            "startDate": start.isoformat(),
            "endDate": row["enddate"].isoformat(),
            "fiscalYear": start.year,
            "fiscalQuarter": (start.month + 2) // 3,
            "status": row["status"],
            "fileIds": {},
        }
        return {**shown, **self._balance(row["id"])}

    def _balance(self, period: str) -> dict[str, Any]:
        job = next((job for job in self._balances.newest_first() if job.facts["period"] == period), None)
        if job is None:
            return {}
        stage = job.stage(self._world.now())
        shown = {
            "runTrialBalanceStart": readable(job.created_at),
            "runTrialBalanceStatus": _BALANCE.get(stage, "Pending"),
        }
        if stage in _BALANCE:
            shown["runTrialBalanceEnd"] = readable(job.ends_at)
        if stage is Stage.FAILED:
            shown["runTrialBalanceErrorMessage"] = (
                self._world.options.trial_balance_error or "An internal error occurred"
            )
        return shown

    def _unknown(self, request: Request, name: str) -> Answer:
        return self._refuse(request, NOT_FOUND, f"Accounting period {name} not found")

    def _refuse(self, request: Request, category: int, message: str) -> Answer:
        return failure(request, Problem(ACCOUNTING_PERIODS, category, message), self._world.options)


def _holds(row: Row, day: str) -> bool:
    return bool(row["startdate"].isoformat() <= day <= row["enddate"].isoformat())
