"""What several commands print: a run's summary, a run as JSON, the checks of `verify` and `reconcile`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.audit.check import Check, conclusion, exit_code
from runner.domain.errors import ExitCode
from runner.results.summary import summary
from runner.runs.folder import RunFolder
from runner.session.open_run import OpenRun
from runner.system.console import printable, say, say_json


@dataclass(frozen=True)
class Output:
    """How a command prints, and whether it may ask."""

    json: bool = False
    quiet: bool = False
    yes: bool = False


def print_run(run: OpenRun, output: Output) -> None:
    """Print how a run stands: its summary, or run.json with the folder."""
    if output.json:
        say_json(run.document.as_json() | {"folder": str(run.folder.path)})
    elif not output.quiet:
        print_summary(run)


def print_summary(run: OpenRun) -> None:
    """Print a run's balance, its errors and next steps, and the head of its hash chain."""
    say(summary(run.document, run.store, str(run.folder.path)))
    if run.document.head:
        say(f"  head of the ledger's chain: {run.document.head}")


def print_checks(folder: RunFolder, checks: Sequence[Check], *, as_json: bool) -> ExitCode:
    """Print the result of each check; the exit code of their results."""
    if as_json:
        say_json(
            {
                "run": folder.id,
                "holds": all(check.passed for check in checks),
                "checks": [check.document() for check in checks],
            }
        )
    else:
        for check in checks:
            say("\n".join(map(printable, check.lines())))
        say(f"run {folder.id}: {conclusion(checks)}")
    return exit_code(checks)
