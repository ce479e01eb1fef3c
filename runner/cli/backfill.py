"""`regen backfill`: upload files of records, as a run of one step."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import options
from runner.cli.completion import record_types
from runner.cli.help_format import Command
from runner.cli.run import run_one_step
from runner.domain.errors import ExitCode


@click.command(cls=Command)
@click.argument("type_", metavar="TYPE", shell_complete=record_types)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=options.FILE)
@options.option("--allow-nulls", section="What", is_flag=True, help="Let empty cells write nulls over the records.")
@options.option("--zip", "zip_", section="What", is_flag=True, help="Upload zipped parts.")
@options.option(
    "--parallel-jobs",
    section="Pace",
    type=click.IntRange(1),
    default=1,
    metavar="N",
    help="At most N jobs at once.",
    default_text="1",
)
@options.skip_rejected
@options.template_check
@options.one_step
def backfill(**params: Any) -> ExitCode:
    """Upload files of records, and follow the jobs to one outcome for each row.

    TYPE is the tenant's name for the type of record. The files are checked and
    uploaded in parts of 4 MB.

    \b
    Examples:
      regen backfill RatePlanCharge rate_plan_charges.csv
      regen backfill InvoiceDetail a.csv b.csv --zip --parallel-jobs 2

    Exit codes: as for `regen run`.
    """
    from runner.domain.steps import Backfill

    work = Backfill(
        type=params["type_"],
        files=params["files"],
        allow_nulls=params["allow_nulls"],
        zip=params["zip_"],
        parallel_jobs=params["parallel_jobs"],
        skip_rejected=params["skip_rejected"],
        template_check=not params["no_template_check"],
    )
    return run_one_step(params, work, "backfill")
