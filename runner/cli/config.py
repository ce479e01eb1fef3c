"""`regen config`: the settings in force."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode


@click.command(cls=Command)
@options.connection
@options.remote
@options.as_json
def config(json_: bool, **params: Any) -> ExitCode:
    """Show the settings in force and where each comes from. Secrets are masked.

    \b
    Examples:
      regen config
      regen config --profile nightly --json

    Exit codes: 0, or 2 (a file that cannot be read).
    """
    from runner.config import effective

    return effective.config(options.flags(params), as_json=json_)
