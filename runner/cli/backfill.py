"""`regen backfill`: upload files of records, as a run of one step."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import options
from runner.cli.run import run_one_step
from runner.domain.errors import ExitCode


@click.command()
@click.argument("type_", metavar="TYPE")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--allow-nulls", is_flag=True, help="Let empty cells write nulls over the records.")
@click.option("--zip", "zip_", is_flag=True, help="Upload zipped parts.")
@click.option("--parallel-jobs", type=click.IntRange(1), default=1, metavar="N", help="At most N jobs at once.")
@click.option("--no-template-check", is_flag=True, help="Do not compare with the tenant's own template.")
@click.option("--skip-rejected", is_flag=True, help="Upload the good rows of a file that has bad ones.")
@options.one_step
def backfill(**params: Any) -> ExitCode:
    """Backfill records from files: checked, uploaded in parts of 4 MB, followed; one outcome for every row.

    \b
    Examples:
      regen backfill RatePlanCharge rate_plan_charges.csv
      regen backfill InvoiceDetail a.csv b.csv --zip --parallel-jobs 2
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
