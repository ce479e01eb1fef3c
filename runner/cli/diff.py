"""`regen diff`: how a run differs from an earlier one."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import options
from runner.cli.completion import run_ids
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode


@click.command(cls=Command)
@click.argument("before", metavar="RUN", shell_complete=run_ids)
@click.argument("after", metavar="RUN", shell_complete=run_ids)
@options.runs_dir
@options.as_json
def diff(before: str, after: str, json_: bool, **params: Any) -> ExitCode:
    """Compare two runs, the earlier one first.

    Shows what is newly failing, fixed, still failing, and which ids have changed.

    \b
    Examples:
      regen diff LAST-NIGHT TONIGHT
      regen diff 2026-11-20 last --json

    Exit codes: 0, or 3 if something fails that did not fail before.
    """
    from runner.audit.run_diff import diff as compare
    from runner.audit.run_diff import runs_before
    from runner.runs.lookup import find_run
    from runner.system.console import printable, say, say_json

    folder = options.runs_folder(params)
    old, new = find_run(folder, before), find_run(folder, after)
    difference = compare(old, new, runs_before(folder, old, new))
    if json_:
        say_json(difference.document())
    else:
        say("\n".join(map(printable, difference.lines())))
    return ExitCode.ROWS_FAILED if difference.new_failures else ExitCode.SUCCEEDED
