"""`regen fleet`: one night of many tenants."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.cli.param_types import local_time
from runner.domain.errors import ExitCode


def _checked_time(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """HH:MM as it is: each tenant's process reads it again."""
    if value is not None:
        local_time(value)
    return value


@click.command(cls=Command)
@click.argument("fleet_file", metavar="FLEET.toml", type=click.Path(path_type=Path))
@options.runs_dir
@options.option(
    "--config",
    section="Where",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The tenants' configuration file.",
    default_text="regen.toml",
    env="REGEN_CONFIG",
)
@options.option(
    "--scheduler", section="Where", metavar="ADDRESS", help="Run the tenants on the Dask cluster at this address."
)
@options.option(
    "--only",
    section="What",
    multiple=True,
    metavar="NAME|N",
    help="Only this tenant: by its name, or by its position in the file, from 0. It can be given again.",
)
@options.remote
@options.option(
    "--concurrency",
    section="Pace",
    type=click.IntRange(1, 64),
    metavar="N",
    help="At most N tenants at once.",
    default_text="as the file says",
)
@options.option(
    "--until",
    section="Stop rules",
    metavar="HH:MM",
    callback=_checked_time,
    help="Every tenant stops gracefully at this local time (exit 5).",
)
@options.option("--json", "json_", section="Output", is_flag=True, help="Print fleet.json instead of text.")
@options.yes
def fleet(fleet_file: Path, json_: bool, **params: Any) -> ExitCode:
    """Run every tenant of a fleet file, each in a process of its own.

    A tenant never stops the others. The folder of the runs gets a folder for
    each tenant, fleet.json and fleet.html. SIGTERM and Ctrl-C end every tenant
    gracefully; the same command continues with what is left.

    \b
    Examples:
      regen fleet fleet.toml
      regen fleet fleet.toml --until 05:30 --concurrency 8
      regen fleet fleet.toml --scheduler tcp://scheduler:8786
      regen fleet fleet.toml --only north --remote s3://acme-regen/runs

    Exit code: the gravest of the tenants' exit codes.
    """
    from msgspec import structs, to_builtins

    from runner.fleet.bars import TenantBars
    from runner.fleet.fleet_file import only, read_fleet
    from runner.fleet.fleet_run import run_fleet
    from runner.fleet.report import PAGE, summary_line
    from runner.system.console import say, say_json

    runs = options.runs_folder({"runs_dir": params["runs_dir"]})
    plan = only(read_fleet(fleet_file, runs, params["config"]), params["only"])
    passed = [word for name in ("until", "remote") if params[name] for word in (f"--{name}", params[name])]
    more = [*passed, *(("--yes",) if params["yes"] else ())]
    tenants = tuple(structs.replace(tenant, words=(*tenant.words, *more)) for tenant in plan.tenants)
    plan = structs.replace(plan, tenants=tenants, concurrency=params["concurrency"] or plan.concurrency)

    bars = TenantBars(plan)

    def ended(result: Any, number: int) -> None:
        if not json_:
            bars.end(result, f"[{number}/{len(plan.tenants)}] {summary_line(result)}")

    with contextlib.nullcontext() if json_ else bars.shown():
        report = run_fleet(plan, runs, params["scheduler"], ended)
    if json_:
        say_json(to_builtins(report))
    else:
        say(str(runs / PAGE))
    return ExitCode(report.exit_code or 0)
