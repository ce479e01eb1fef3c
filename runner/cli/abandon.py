"""`regen abandon`: close a run that will not go on."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode


@click.command(cls=Command)
@options.run_argument
@options.runs_dir
def abandon(**params: Any) -> ExitCode:
    """Close a run that will not be continued. Its records stay.

    \b
    Example:
      regen abandon RUN

    Exit codes: 0 abandoned, 2 refused (finished, no such run), 6 it is running.
    """
    from runner.runs.lookup import find_run
    from runner.session.close import abandon_run
    from runner.system.console import say

    folder = find_run(options.runs_folder(params), params["run"])
    abandon_run(folder)
    document = folder.document()
    if document is not None and document.remote is not None:
        from runner.session.remote_run import publish_ended

        publish_ended(folder, document.remote.url)
    say(f"run {folder.id} is abandoned; its results stay in {folder.path}")
    return ExitCode.SUCCEEDED
