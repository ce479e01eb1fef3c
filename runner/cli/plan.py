"""`regen plan`: read, check and enrol; send nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.again import again_command
from runner.cli.help_format import Command
from runner.cli.reading_options import reading
from runner.domain.errors import ExitCode, NoConnection, Refused

if TYPE_CHECKING:
    from runner.cli.output import Output
    from runner.session.run_request import RunRequest


@click.command(cls=Command)
@options.manifests
@reading
@options.connection
@options.pace
@options.console
def plan(**params: Any) -> ExitCode:
    """Read and check manifests, and show what would be sent. Sends nothing.

    What `regen run` or `regen resume` then sends is exactly what was planned.

    \b
    Examples:
      regen plan subscriptions.csv
      regen plan *.csv --profile sandbox --re-migrate
      regen plan nightly.toml

    Exit codes: 0 planned, 2 refused (a bad row, a setting).
    """
    from runner.session.run_request import with_plan_file
    from runner.session.stages import planned_stage
    from runner.system.console import printable, say

    request = with_plan_file(options.run_request(params))
    if not request.plan:
        return plan_run(request, options.output(params), params["max_requests"])
    stage, note = planned_stage(request)
    code = ExitCode.SUCCEEDED if stage is None else plan_run(stage, options.output(params), params["max_requests"])
    if note is not None:
        say(printable(note), err=True)
    return code


def plan_run(request: RunRequest, output: Output, max_requests: int | None = None) -> ExitCode:
    """Prepare a run and print what would be sent. Sends nothing."""
    from runner.cli.output import print_run
    from runner.cli.plan_text import plan_text
    from runner.results.next_steps import next_steps
    from runner.session.period_check import closed_periods
    from runner.session.prepare import prepare
    from runner.system.console import printable, say

    try:
        planned = prepare(request)
    except NoConnection as error:
        raise Refused(f"{error}. `regen check` with the same files checks them without a tenant") from error
    with planned as prepared:
        run = prepared.run
        if output.json:
            print_run(run, output)
            return ExitCode.SUCCEEDED
        say(plan_text(run, prepared.settings, max_requests))
        periods = closed_periods(run.store, prepared.settings)
        for line in (*periods.questions, *periods.notes):
            say(f"  {printable(line)}")
        say("\n".join(f"  {step}" for step in next_steps(run.document, str(run.folder.path))))
        if prepared.over:
            say(f"already finished; nothing would be sent. Everything once more: {again_command()}")
        return ExitCode.SUCCEEDED
