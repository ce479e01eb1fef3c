"""`regen nightly`: one unattended night."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.dry_run import dry_run
from runner.cli.help_format import Command
from runner.cli.reading_options import reading
from runner.cli.run import preflight
from runner.domain.errors import ExitCode

if TYPE_CHECKING:
    from runner.cli.output import Output
    from runner.session.nightly import Part


@click.command(cls=Command)
@dry_run
@options.manifests
@preflight
@reading
@options.connection
@options.pace
@options.notification
@options.console
def nightly(**params: Any) -> ExitCode:
    """Run one unattended night: what earlier nights left, then tonight's list.

    Runs that can be continued are resumed. Rows that failed are sent again with
    tonight's list. A list that has only a header is a quiet night: only rows
    that failed before are sent again. Runs that need a person are listed and
    left alone. The same command continues the night. It never asks.

    \b
    Examples:
      regen nightly nightly.csv --until 06:00 --metrics regen.prom
      regen nightly nightly.csv --give-up-after 5
      regen nightly PLAN.toml --profile production --canary 10

    Exit code: the gravest of the night; see `regen help exit-codes`.
    """
    from runner.notify.reporting import reporting
    from runner.session.nightly import Night, gravest, run_night

    request, output = options.run_request(params), options.output(params)
    invocation = replace(options.invocation(params), command=("regen", *sys.argv[1:]))
    with reporting(request.flags, request.stem) as report:
        parts: list[Part] = []
        for part in run_night(Night(request, invocation, yes=output.yes)):
            parts.append(part)
            _print(part, output)
            report.folder = part.folder or report.folder
            report.code = gravest(parts)
            report.reason = "; ".join(_line(part) for part in parts if part.reason)
        if output.json:
            _print_json(parts)
        return gravest(parts)


def _print(part: Part, output: Output) -> None:
    from runner.cli.output import print_summary
    from runner.session.open_run import OpenRun
    from runner.system.console import printable, say

    if output.json:
        return
    if part.folder is not None and part.what != "left" and not output.quiet:
        with OpenRun(part.folder) as run:
            print_summary(run)
    say(printable(_line(part)), err=part.exit_code is not ExitCode.SUCCEEDED)


def _line(part: Part) -> str:
    run = f" {part.folder.id}" if part.folder is not None else ""
    reason = f": {part.reason}" if part.reason else ""
    return f"{part.what}{run}, exit code {int(part.exit_code)}{reason}"


def _print_json(parts: list[Part]) -> None:
    from runner.session.nightly import gravest
    from runner.system.console import say_json

    runs = []
    for part in parts:
        document = part.folder.document() if part.folder is not None else None
        about = {"what": part.what, "exit_code": int(part.exit_code), "reason": part.reason}
        runs.append(about | ({} if document is None else {"run": document.run, "counts": document.counts}))
    say_json({"exit_code": int(gravest(parts)), "runs": runs})
