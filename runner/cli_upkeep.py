"""The command line's commands about the house and not about a run: `config`. Registered by `cli`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from runner.errors import ExitCode

Options = Callable[[Any], Any]


def register(regen: click.Group, *, place: Options) -> None:
    """Add the commands to the group; `place` are the options that say where the tenant and the runs are."""
    regen.command()(place(click.option("--json", "json_", is_flag=True, help="Print JSON.")(config)))


def config(json_: bool, **given: Any) -> ExitCode:
    """Show the settings in force and where each comes from; secrets are masked.

    \b
    Examples:
      regen config
      regen config --profile nightly --json
    """
    from runner import config_view
    from runner.settings import Flags

    return config_view.config(Flags(**given), as_json=json_)
