"""`regen help`: the topics."""

from __future__ import annotations

import click

from runner.domain.errors import ExitCode

TOPICS = ("manifest", "results", "exit-codes", "keys", "plan-file", "settings")


@click.command("help")
@click.argument("topic", type=click.Choice(TOPICS), required=False)
@click.pass_context
def help_command(context: click.Context, /, topic: str | None) -> ExitCode:
    """Explain a topic: how manifests are read, the result columns, exit codes, keys, plan files, settings.

    \b
    Examples:
      regen help manifest
      regen help settings
    """
    from importlib import resources

    if topic is None:
        click.echo(context.get_help())
    else:
        click.echo(resources.files("runner").joinpath("topics", f"{topic}.txt").read_text("utf-8"), nl=False)
    return ExitCode.SUCCEEDED
