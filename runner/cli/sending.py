"""The commands that plan and send: `plan`, `run`, `resume`, `abandon`."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import values
from runner.cli.options import afterwards, asking, pace, place, run_argument, runs_dir, speaking
from runner.domain.errors import ExitCode


@click.command()
@asking
@place
@pace
@speaking
def plan(**given: Any) -> ExitCode:
    """Read, check and enrol manifests; send nothing.

    \b
    Examples:
      regen plan subscriptions.csv
      regen plan *.csv --profile sandbox --re-migrate
    """
    from runner.commands import send

    return send.plan(values.asked(given), values.output(given), given["max_requests"])


@click.command()
@asking
@place
@pace
@afterwards
@speaking
def run(**given: Any) -> ExitCode:
    """Plan, then send. The same command again goes on where it stopped and never sends what is settled.

    \b
    Examples:
      regen run subscriptions.csv invoices.csv.gz
      regen run objects.parquet --type Invoice --rate 50 --until 06:00
      regen run subscriptions.csv --canary 10 --max-failures 5%
      zcat objects.csv.gz | regen run - --type Invoice
    """
    from runner.commands import send

    return send.run(values.asked(given), values.invocation(given), values.output(given))


@click.command()
@run_argument
@place
@pace
@afterwards
@speaking
@click.option("--moved", is_flag=True, help="The run folder came from another machine.")
@click.option("--accept-failures", is_flag=True, help="Go on with the next step in spite of failures.")
def resume(**given: Any) -> ExitCode:
    """Send what a run has left, from its folder alone; ask unknown rows again under the same key.

    \b
    Examples:
      regen resume 2026-11-21-subscriptions-1a2b3c4d
      regen resume RUN --max-requests 20000
    """
    from runner.commands import send

    resumed = send.Resumed(given["run"], values.flags(given), given["moved"])
    return send.resume(resumed, values.invocation(given), values.output(given))


@click.command()
@run_argument
@runs_dir
def abandon(run: str, runs_dir: str | None) -> ExitCode:
    """Close a run that shall not go on.

    \b
    Example:
      regen abandon RUN
    """
    from runner.commands import look

    return look.abandon(values.runs_in(runs_dir), run)
