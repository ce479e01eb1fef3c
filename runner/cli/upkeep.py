"""The commands about the house and not about a run: `config`, `doctor`, `help`, `prune`, `simulate`, `template`."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import values
from runner.cli.options import as_json, place, runs_dir
from runner.domain.errors import ExitCode

TOPICS = ("manifest", "results", "exit-codes", "keys", "plan-file", "settings")


@click.command()
@click.argument("type_", metavar="TYPE")
@place
@click.option("--backfill", is_flag=True, help="The tenant's backfill template, where TYPE is a type of manifest, too.")
def template(**given: Any) -> ExitCode:
    """Print an empty manifest for a type of object, or the tenant's own template for a type of backfill.

    \b
    Examples:
      regen template OrderLineItem > order_line_items.csv
      regen template RatePlanCharge --profile sandbox > rate_plan_charges.csv
    """
    from runner.commands import look

    return look.template(given["type_"], values.flags(given), backfill=given["backfill"])


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def simulate(words: tuple[str, ...]) -> int:
    """A local imitation of the Zuora API, for rehearsals; `regen simulate --help` tells its options."""
    from runner.simulator.server import main as serve

    return serve(words)


@click.command()
@place
@as_json
def config(json_: bool, **given: Any) -> ExitCode:
    """Show the settings in force and where each comes from; secrets are masked.

    \b
    Examples:
      regen config
      regen config --profile nightly --json
    """
    from runner.config import effective
    from runner.config.settings import Flags

    return effective.config(Flags(**given), as_json=json_)


@click.command()
@click.argument("manifests", nargs=-1, metavar="[MANIFEST...]")
@place
@click.option("--rows", type=click.IntRange(1), metavar="N", help="Is there room for a run of N rows?")
@as_json
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
    from runner.config.settings import Flags

    return command.doctor(Flags(**given), manifests, rows, as_json=json_)


@click.command()
@runs_dir
@click.option("--keep", metavar="AGE", required=True, help="How old an ended run may get: 90d, 12w, 36h.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed; remove nothing.")
def prune(keep: str, dry_run: bool, runs_dir: str | None) -> ExitCode:
    """Remove the folders of runs that ended long ago; never an unfinished run.

    \b
    Examples:
      regen prune --keep 90d --dry-run
      regen prune --keep 90d
    """
    from runner.runs import prune as pruning

    return pruning.prune(values.runs_in(runs_dir), keep, dry_run=dry_run)


@click.command("help")
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
