"""`regen report`: make the report again."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import options
from runner.domain.errors import ExitCode


@click.command()
@options.run_argument
@options.runs_dir
def report(run: str, **params: Any) -> ExitCode:
    """Make report.html again, also of a run that is going on or crashed; print its path.

    \b
    Example:
      xdg-open "$(regen report RUN)"
    """
    from runner.ledger import open_read_only
    from runner.results.report import write_report
    from runner.runs.lookup import find_run
    from runner.runs.run_json import document_of
    from runner.system.console import say

    folder = find_run(options.runs_folder(params), run)
    with open_read_only(folder.ledger) as store:
        say(str(write_report(store, folder.later(), document_of(store))))
    return ExitCode.SUCCEEDED
