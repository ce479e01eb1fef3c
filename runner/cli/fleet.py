"""`regen fleet`: one night of many tenants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli import options
from runner.cli.param_types import local_time
from runner.domain.errors import ExitCode


@click.command()
@click.argument("fleet_file", metavar="FLEET.toml", type=click.Path(path_type=Path))
@options.runs_dir
@click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="The tenants' configuration file.")
@click.option("--concurrency", type=click.IntRange(1, 64), metavar="N", help="At most N tenants at once.")
@click.option("--until", metavar="HH:MM", callback=lambda _c, _p, text: text and (local_time(text), text)[1],
              help="Every tenant stops in good order at this local time (exit 5).")  # fmt: skip
@click.option("--scheduler", metavar="ADDRESS", help="Run the tenants on the Dask cluster at this address.")
@click.option("--yes", is_flag=True, help="Do not refuse production tenants.")
@click.option("--json", "json_", is_flag=True, help="Print fleet.json instead of text.")
def fleet(fleet_file: Path, json_: bool, **params: Any) -> ExitCode:
    """Run every tenant of a fleet file, each in a process of its own; exit with the gravest exit code.

    A tenant never stops the others. The folder of the runs (--runs-dir) gets a folder a tenant, fleet.json and
    fleet.html. SIGTERM and Ctrl-C end every tenant in good order; the same command goes on with what is left.

    \b
    Examples:
      regen fleet fleet.toml
      regen fleet fleet.toml --until 05:30 --concurrency 8
      regen fleet fleet.toml --scheduler tcp://scheduler:8786
    """
    from msgspec import structs, to_builtins

    from runner.fleet.fleet_file import read_fleet
    from runner.fleet.fleet_run import run_fleet
    from runner.fleet.report import PAGE, summary_line
    from runner.system.console import say, say_json

    runs = options.runs_folder({"runs_dir": params["runs_dir"]})
    plan = read_fleet(fleet_file, runs, params["config"])
    more = [*(("--until", params["until"]) if params["until"] else ()), *(("--yes",) if params["yes"] else ())]
    tenants = tuple(structs.replace(tenant, words=(*tenant.words, *more)) for tenant in plan.tenants)
    plan = structs.replace(plan, tenants=tenants, concurrency=params["concurrency"] or plan.concurrency)

    def ended(result: Any, number: int) -> None:
        if not json_:
            say(f"[{number}/{len(plan.tenants)}] {summary_line(result)}")

    report = run_fleet(plan, runs, params["scheduler"], ended)
    if json_:
        say_json(to_builtins(report))
    else:
        say(str(runs / PAGE))
    return ExitCode(report.exit_code or 0)
