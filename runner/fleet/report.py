"""What a fleet leaves: `fleet.json` for programs and `fleet.html` for people, both in the fleet's runs folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct, to_builtins

from runner import __version__
from runner.domain.errors import ExitCode
from runner.fleet.tenant_process import RunResult, TenantResult
from runner.results.report.html import Markup, element, html_page, table, together
from runner.results.summary import STATES
from runner.system.atomic_file import replacing
from runner.system.console import json_text, printable
from runner.system.timestamps import duration

JSON, PAGE = "fleet.json", "fleet.html"
MEANINGS = {
    ExitCode.SUCCEEDED: "every row succeeded",
    ExitCode.FAULT: "a fault of the program",
    ExitCode.REFUSED: "refused, nothing was sent",
    ExitCode.ROWS_FAILED: "some rows failed or are unknown",
    ExitCode.STOPPED: "stopped",
    ExitCode.PAUSED: "paused at its deadline or budget",
    ExitCode.HELD: "another process holds the run",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "terminated",
}


class FleetReport(Struct, frozen=True, kw_only=True):
    """The content of fleet.json. Times are ISO 8601 in UTC."""

    name: str
    started_at: str
    ended_at: str | None  # None while tenants are running
    exit_code: int | None
    waiting: tuple[str, ...]  # names of the tenants that have not ended
    tenants: tuple[TenantResult, ...]
    version: str = __version__


def write_report(folder: Path, report: FleetReport) -> None:
    """Write both files, each whole or not at all. Raises OSError."""
    with replacing(folder / JSON) as file:
        file.write(json_text(to_builtins(report), indent=2).encode() + b"\n")
    with replacing(folder / PAGE) as file:
        file.write(render(report, folder).encode())


def render(report: FleetReport, folder: Path) -> str:
    """The page as text. Links are relative to `folder`."""
    return html_page(
        f"Fleet {report.name}",
        element("header", element("h1", f"Fleet {report.name}"), element("p", _sentence(report))),
        element("div", _table(report.tenants, folder), class_="scroll"),
        together([_messages(tenant) for tenant in report.tenants if tenant.exit_code and tenant.messages]),
        wide=True,
    )


def meaning_of(code: int) -> str:
    """What an exit code says, in words."""
    return MEANINGS[ExitCode(code)] if code in set(ExitCode) else "ended unexpectedly"


def summary_line(result: TenantResult) -> str:
    """How a tenant's night ended, in one line, without control characters."""
    reason = f": {result.messages[-1]}" if result.exit_code and result.messages else ""
    ending = f"{meaning_of(result.exit_code)} (exit {result.exit_code}) in {duration(result.seconds)}"
    return printable(f"{result.name}: {ending}{reason}")


def _sentence(report: FleetReport) -> str:
    well = sum(tenant.exit_code == 0 for tenant in report.tenants)
    total = len(report.tenants) + len(report.waiting)
    ending = f", ended {report.ended_at[:16].replace('T', ' ')} UTC" if report.ended_at else ""
    waiting = f" Still running: {', '.join(report.waiting)}." if report.waiting else ""
    started = report.started_at[:16].replace("T", " ")
    tenants = "tenant" if total == 1 else "tenants"
    return f"{well} of {total} {tenants} succeeded. Started {started} UTC{ending}.{waiting}"


def _table(tenants: Sequence[TenantResult], folder: Path) -> Markup:
    headers = ["tenant", "result", "exit", *STATES, "time", "runs"]
    rows = [_row(tenant, folder) for tenant in sorted(tenants, key=lambda tenant: tenant.name)]
    return table(headers, rows, numbers=frozenset(range(2, 4 + len(STATES))))


def _row(tenant: TenantResult, folder: Path) -> list[object]:
    counts = [f"{sum(run.counts.get(state, 0) for run in tenant.runs):,}" for state in STATES]
    links = together([_link(run, folder) for run in tenant.runs])
    return [tenant.name, meaning_of(tenant.exit_code), tenant.exit_code, *counts, duration(tenant.seconds), links]


def _link(run: RunResult, folder: Path) -> Markup:
    path = Path(run.path)
    if path.is_relative_to(folder.absolute()) and (path / "report.html").exists():
        return element(
            "a", run.run, class_="id", href=quote(f"{path.relative_to(folder.absolute()).as_posix()}/report.html")
        )
    return element("span", run.run)


def _messages(tenant: TenantResult) -> Markup:
    heading = element("h2", f"{tenant.name}: last messages")
    return element("section", heading, element("pre", "\n".join(tenant.messages)))
