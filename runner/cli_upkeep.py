"""The command line's commands about the house and not about a run: `config`, `doctor`, `help`, `prune`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from runner.errors import ExitCode

Options = Callable[[Any], Any]
TOPICS = ("manifest", "results", "exit-codes", "keys", "plan-file", "settings")


def register(regen: click.Group, *, place: Options, runs_dir: Options) -> None:
    """Add the commands to the group; `place` are the options that say where the tenant and the runs are."""
    regen.command()(place(click.option("--json", "json_", is_flag=True, help="Print JSON.")(config)))
    regen.command()(click.argument("manifests", nargs=-1, metavar="[MANIFEST...]")(place(doctor)))
    regen.command()(runs_dir(prune))
    regen.command("help")(explain)


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


@click.option("--rows", type=click.IntRange(1), metavar="N", help="Is there room for a run of N rows?")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def doctor(manifests: tuple[str, ...], rows: int | None, json_: bool, **given: Any) -> ExitCode:
    """Look at all that a run needs: config, folder, disk, network, clock, token, permission, limits. Exit 2 if not.

    Sends GETs alone, and the POST that fetches a token.

    \b
    Examples:
      regen doctor
      regen doctor --profile nightly subscriptions.csv
      regen doctor --rows 500000 --json
    """
    from runner.commands import doctor as command
    from runner.settings import Flags

    return command.doctor(Flags(**given), manifests, rows, as_json=json_)


@click.option("--keep", metavar="AGE", required=True, help="How old an ended run may get: 90d, 12w, 36h.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed; remove nothing.")
def prune(keep: str, dry_run: bool, runs_dir: str | None) -> ExitCode:
    """Remove the folders of runs that ended long ago; never an unfinished run.

    \b
    Examples:
      regen prune --keep 90d --dry-run
      regen prune --keep 90d
    """
    from runner import prune as pruning
    from runner.settings import Flags, runs_folder

    return pruning.prune(runs_folder(Flags(runs_dir=runs_dir)), keep, dry_run=dry_run)


@click.argument("topic", type=click.Choice(TOPICS), required=False)
@click.pass_context
def explain(context: click.Context, /, topic: str | None) -> ExitCode:
    """Explain a topic: how manifests are read, what results tell, exit codes, keys, plan files, settings.

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
