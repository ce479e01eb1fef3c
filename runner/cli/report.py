"""`regen report`: make the report again."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import options
from runner.cli.completion import run_ids
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode


@click.command(cls=Command)
@click.argument("run", required=False, shell_complete=run_ids)
@options.runs_dir
@options.option(
    "--all", "all_", section="What", is_flag=True, help="Write index.html, a page of all runs in the folder, instead."
)
def report(run: str | None, all_: bool, **params: Any) -> ExitCode:
    """Write report.html again and print its path.

    At any time, even for a run that is going on or has crashed. --all writes a page of
    all runs in the folder.

    \b
    Examples:
      xdg-open "$(regen report last)"
      xdg-open "$(regen report --all)"

    Exit codes: 0, or 2 (no such run).
    """
    from runner.ledger import open_read_only
    from runner.results.report import write_report
    from runner.runs.lookup import find_run
    from runner.runs.run_json import document_of
    from runner.system.console import say

    if all_ == bool(run):
        raise click.UsageError("give a RUN, or --all")
    if all_ or run is None:
        from runner.history.index_page import write_index

        say(str(write_index(options.runs_folder(params))))
        return ExitCode.SUCCEEDED
    folder = find_run(options.runs_folder(params), run)
    with open_read_only(folder.ledger) as store:
        say(str(write_report(store, folder.later(), document_of(store))))
    return ExitCode.SUCCEEDED
