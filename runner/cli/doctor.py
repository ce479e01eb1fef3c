"""`regen doctor`: look at all that a run needs, and name what to do about each problem."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode

if TYPE_CHECKING:
    from runner.doctor import Finding


@click.command(cls=Command)
@click.argument("manifests", nargs=-1, metavar="[MANIFEST...]", type=options.FILE)
@options.connection
@options.remote
@options.option(
    "--rows",
    section="What",
    type=click.IntRange(1),
    metavar="N",
    help="Also check whether there is room for a run of N rows.",
)
@options.as_json
def doctor(manifests: tuple[str, ...], rows: int | None, json_: bool, **params: Any) -> ExitCode:
    """Check everything that a run needs, and show what to do about each problem.

    Configuration, folder, disk, network, clock, token, permission, limits. Sends
    GETs, the POSTs that fetch tokens and, unless the profile is read-only, data
    queries for the names of columns.

    \b
    Examples:
      regen doctor
      regen doctor --profile nightly subscriptions.csv
      regen doctor --rows 500000 --json

    Exit codes: 0 ready to run, 2 not ready.
    """
    from runner.doctor import Level
    from runner.doctor.checks import findings
    from runner.system.console import say, say_json

    listed: list[Finding] = []
    for finding in findings(options.flags(params), manifests, rows):  # each is printed as it comes
        listed.append(finding)
        if not json_:
            say("\n".join(_lines(finding)))
    failed = [finding.name for finding in listed if finding.level is Level.FAIL]
    if json_:
        say_json({"ok": not failed, "findings": [finding.document() for finding in listed]})
    else:
        say(f"not ready to run: {', '.join(failed)}" if failed else "ready to run")
    return ExitCode.REFUSED if failed else ExitCode.SUCCEEDED


def _lines(finding: Finding) -> Iterator[str]:
    from runner.system.console import printable

    yield printable(f"{finding.level.value:<4}  {finding.name:<12}  {finding.message}")
    if finding.remedy:
        yield printable(f"{'':<4}  {'':<12}  → {finding.remedy}")
