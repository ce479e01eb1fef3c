"""`--dry-run` of the commands that have none: whoever looks for it finds the command that serves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def no_dry_run(instead: str) -> Callable[[F], F]:
    """A hidden option that is refused with what to use instead."""

    def refuse(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value:
            raise click.UsageError(f"there is no --dry-run: {instead}")

    return click.option("--dry-run", is_flag=True, hidden=True, expose_value=False, callback=refuse)


dry_run = no_dry_run("`regen plan` with the same options checks and sends nothing")
