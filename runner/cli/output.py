"""What several commands print: a run's summary, a run as JSON, the checks of `verify` and `reconcile`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.audit.check import Check, conclusion, exit_code
from runner.domain.errors import ExitCode
from runner.ledger import open_read_only
from runner.results.summary import summary
from runner.runs.folder import RunFolder
from runner.system.console import printable, say, say_json


@dataclass(frozen=True)
class Output:
    """How a command prints, and whether it may ask."""

    json: bool = False
    quiet: bool = False
    yes: bool = False


def print_run(folder: RunFolder, output: Output) -> None:
    """Print how a run stands: its summary, or run.json with the folder."""
    if output.json:
        say_json(folder.current_document().as_json() | {"folder": str(folder.path)})
    elif not output.quiet:
        print_summary(folder)


def print_summary(folder: RunFolder) -> None:
    """Print a run's balance, its errors and next steps, and the head of its hash chain."""
    with open_read_only(folder.ledger) as store:
        say(summary(folder.current_document(), store, str(folder.path)))
        head = store.facts().head
    if head:
        say(f"  head of the ledger's chain: {head}")


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
