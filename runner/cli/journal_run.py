"""`regen journal-run`: a journal run, or one for each row of a manifest, as a run of one step."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.cli.param_types import day
from runner.cli.run import run_one_step
from runner.domain.errors import ExitCode


@click.command("journal-run", cls=Command)
@click.argument("manifests", nargs=-1, metavar="[MANIFEST...]", type=options.FILE)
@options.option("--period", section="What", metavar="NAME", help="The accounting period.")
@options.option(
    "--from", "from_", section="What", type=day, metavar="DATE", help="The first target date, instead of a period."
)
@options.option("--to", section="What", type=day, metavar="DATE", help="The last target date.")
@options.option("--entry-date", section="What", type=day, metavar="DATE", help="The date of the journal entries.")
@options.option(
    "--transaction-type", "types", section="What", multiple=True, metavar="NAME", help="A transaction type; repeat it."
)
@options.option(
    "--organization", "labels", section="What", multiple=True, metavar="NAME", help="An organization (Multi-Org)."
)
@options.skip_rejected
@options.one_step
def journal_run(**params: Any) -> ExitCode:
    """Create a journal run and follow it, or one for each row of a manifest.

    \b
    Examples:
      regen journal-run --period Nov-2026 --entry-date 2026-11-30 \\
        --transaction-type "Revenue Event Item"
      regen journal-run --from 2026-11-01 --to 2026-11-30 \\
        --entry-date 2026-11-30 --transaction-type "Invoice Item"
      regen journal-run journal_runs.csv

    Exit codes: as for `regen run`.
    """
    from runner.domain.steps import JournalRun

    work = JournalRun(
        manifests=params["manifests"],
        accounting_period=params["period"],
        target_start_date=params["from_"],
        target_end_date=params["to"],
        journal_entry_date=params["entry_date"],
        transaction_types=params["types"],
        organization_labels=params["labels"],
        skip_rejected=params["skip_rejected"],
    )
    return run_one_step(params, work, "journal-run")
