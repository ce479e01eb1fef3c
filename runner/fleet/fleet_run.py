"""A fleet from its first tenant to its last: results as they come, the report kept up to date, signals passed on."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from runner.domain.errors import ExitCode
from runner.fleet.engine import engine
from runner.fleet.fleet_file import Fleet
from runner.fleet.report import FleetReport, write_report
from runner.fleet.tenant_process import TenantResult, gravest
from runner.system.timestamps import iso, now_microseconds

SIGNALS = {signal.SIGTERM: ExitCode.TERMINATED, signal.SIGINT: ExitCode.INTERRUPTED}


def run_fleet(
    fleet: Fleet, runs: Path, scheduler: str | None, on_end: Callable[[TenantResult, int], None]
) -> FleetReport:
    """Run all tenants; `on_end` gets each result and how many have ended. Main thread only, for it handles signals.

    Raises Refused where the scheduler cannot be reached, OSError where the report cannot be written.
    """
    runs.mkdir(parents=True, mode=0o700, exist_ok=True)
    started, results = iso(now_microseconds()), list[TenantResult]()
    write_report(runs, _report(fleet, started, results))
    with engine(scheduler, fleet.concurrency) as tenants, _passed_on(tenants.stop) as received:
        for result in tenants.results(fleet):
            results.append(result)
            write_report(runs, _report(fleet, started, results))
            on_end(result, len(results))
    code = received[0] if received else gravest([result.exit_code for result in results])
    report = _report(fleet, started, results, int(code))
    write_report(runs, report)
    return report


def _report(fleet: Fleet, started: str, results: list[TenantResult], code: int | None = None) -> FleetReport:
    names = {result.name for result in results}
    return FleetReport(
        name=fleet.name,
        started_at=started,
        ended_at=None if code is None else iso(now_microseconds()),
        exit_code=code,
        waiting=tuple(tenant.name for tenant in fleet.tenants if tenant.name not in names),
        tenants=tuple(results),
    )


@contextlib.contextmanager
def _passed_on(stop: Callable[[], None]) -> Iterator[list[ExitCode]]:
    """Until the end of the block, a signal ends every tenant gracefully; yields the exit codes of those received."""
    received: list[ExitCode] = []

    def handle(number: int, _frame: object) -> None:
        received.append(SIGNALS[signal.Signals(number)])
        stop()

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
