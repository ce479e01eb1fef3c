"""`regen prune`: remove the folders of runs that ended long ago."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode


@click.command(cls=Command)
@options.runs_dir
@options.option(
    "--keep", section="What", metavar="AGE", required=True, help="How long an ended run is kept: 90d, 12w, 36h."
)
@options.option("--dry-run", section="What", is_flag=True, help="Say what would be removed; remove nothing.")
@options.option(
    "--archive",
    section="Where",
    metavar="DIR",
    type=click.Path(path_type=Path),
    shell_complete=click.Path(file_okay=False).shell_complete,
    help="Pack each run into DIR/<run id>.zip before its folder is removed.",
)
def prune(keep: str, dry_run: bool, archive: Path | None, **params: Any) -> ExitCode:
    """Remove or pack the folders of runs that ended long ago.

    \b
    Examples:
      regen prune --keep 90d --dry-run
      regen prune --keep 90d
      regen prune --keep 90d --archive /archive/regen

    Exit codes: 0, or 2 (an age that cannot be read).
    """
    from runner.runs import prune as pruning

    return pruning.prune(options.runs_folder(params), keep, dry_run=dry_run, archive=archive)
