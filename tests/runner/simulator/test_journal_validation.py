"""Which bodies of journal runs the simulated tenant accepts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runner.simulator.conftest import calling
from tests.runner.simulator.test_jobs import RUNS, journal


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        (0, {}),
        (0, {"accountingPeriodName": None, "targetStartDate": "2026-11-01", "targetEndDate": "2026-11-30"}),
        (0, {"organizationLabels": [{"organizationName": "o"}]}),
        (22, {"journalEntryDate": None}),
        (22, {"transactionTypes": None}),
        (22, {"accountingPeriodName": None}),
        (22, {"accountingPeriodName": None, "targetStartDate": "2026-11-01"}),
        (22, {"accountingPeriodName": None, "targetEndDate": "2026-11-01"}),
        (20, {"accountingPeriodName": ""}),
        (20, {"targetStartDate": "2026-11-01", "targetEndDate": "2026-11-30"}),
        (20, {"journalEntryDate": "30.11.2026"}),
        (20, {"journalEntryDate": "2026-02-30"}),
        (20, {"journalEntryDate": "2026-W48-1"}),
        (20, {"journalEntryDate": 20261130}),
        (20, {"transactionTypes": []}),
        (20, {"transactionTypes": ["Invoice Item"]}),
        (20, {"transactionTypes": [{"type": "Invoice item"}]}),
        (20, {"transactionTypes": [{"type": []}]}),
        (20, {"organizationLabels": "o"}),
        (21, {"period": "Nov-2026"}),
        (30, {"accountingPeriodName": None, "targetStartDate": "2026-12-01", "targetEndDate": "2026-11-30"}),
    ],
)
async def test_journal_run_bodies(expected: int, changes: dict[str, Any]) -> None:
    """Operation "Create a journal run"."""
    async with calling() as caller:
        response = await caller.ask("POST", RUNS, json=journal(**changes))
        assert (0 if response.json["success"] else response.category) == expected
        assert caller.effects(RUNS) == [1 if expected == 0 else 0]
