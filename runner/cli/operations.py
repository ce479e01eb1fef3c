"""The other operations, as runs of one step: `backfill`, `booking-dates`, `journal-run`; and `jobs`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from runner.cli import values
from runner.cli.options import afterwards, as_json, naming, options, pace, place, speaking
from runner.cli.values import Given
from runner.domain.errors import ExitCode, Refused

if TYPE_CHECKING:
    from runner.domain.steps import AnyWork

running = options(
    naming,
    place,
    pace,
    afterwards,
    speaking,
    click.option("--no-wait", is_flag=True, help="Return once created; `regen resume` follows."),
    click.option("--plan", is_flag=True, help="Read, check and enrol; send nothing."),
)


@click.command()
@click.argument("type_", metavar="TYPE")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--allow-nulls", is_flag=True, help="Let empty cells write nulls over the records.")
@click.option("--zip", "zip_", is_flag=True, help="Upload zipped parts.")
@click.option("--parallel-jobs", type=click.IntRange(1), default=1, metavar="N", help="At most N jobs at once.")
@click.option("--no-template-check", is_flag=True, help="Do not compare with the tenant's own template.")
@click.option("--skip-rejected", is_flag=True, help="Upload the good rows of a file that has bad ones.")
@running
def backfill(**given: Any) -> ExitCode:
    """Backfill records from files: checked, uploaded in parts of 4 MB, followed; one outcome for every row.

    \b
    Examples:
      regen backfill RatePlanCharge rate_plan_charges.csv
      regen backfill InvoiceDetail a.csv b.csv --zip --parallel-jobs 2
    """
    from runner.domain.steps import Backfill

    work = Backfill(
        type=given["type_"],
        files=given["files"],
        allow_nulls=given["allow_nulls"],
        zip=given["zip_"],
        parallel_jobs=given["parallel_jobs"],
        skip_rejected=given["skip_rejected"],
        template_check=not given["no_template_check"],
    )
    return _run(given, work, "backfill")


@click.command("booking-dates")
@running
def booking_dates(**given: Any) -> ExitCode:
    """Create a booking date backfill job over the whole tenant, and follow it.

    \b
    Example:
      regen booking-dates --no-wait
    """
    from runner.domain.steps import BookingDates

    return _run(given, BookingDates(), "booking-dates")


@click.command("journal-run")
@click.argument("manifests", nargs=-1, metavar="[MANIFEST...]")
@click.option("--period", metavar="NAME", help="The accounting period.")
@click.option("--from", "from_", metavar="DATE", help="The first target date, instead of a period.")
@click.option("--to", metavar="DATE", help="The last target date.")
@click.option("--entry-date", metavar="DATE", help="The date of the journal entries.")
@click.option("--transaction-type", "types", multiple=True, metavar="NAME", help="A transaction type; repeat it.")
@click.option("--organization", "labels", multiple=True, metavar="NAME", help="An organization (Multi-Org).")
@click.option("--skip-rejected", is_flag=True, help="Create the good runs of a manifest that has bad ones.")
@running
def journal_run(**given: Any) -> ExitCode:
    """Create a journal run and follow it, or one for each row of a manifest.

    \b
    Examples:
      regen journal-run --period Nov-2026 --entry-date 2026-11-30 --transaction-type "Revenue Event Item"
      regen journal-run --from 2026-11-01 --to 2026-11-30 --entry-date 2026-11-30 --transaction-type "Invoice Item"
      regen journal-run journal_runs.csv
    """
    from runner.domain.steps import JournalRun

    work = JournalRun(
        manifests=given["manifests"],
        accounting_period=given["period"],
        target_start_date=_date("--from", given["from_"]),
        target_end_date=_date("--to", given["to"]),
        journal_entry_date=_date("--entry-date", given["entry_date"]),
        transaction_types=given["types"],
        organization_labels=given["labels"],
        skip_rejected=given["skip_rejected"],
    )
    return _run(given, work, "journal-run")


def _run(given: Given, work: AnyWork, name: str) -> ExitCode:
    from runner.commands import send

    asked, output = values.asked_for(given, work, name), values.output(given)
    if given["plan"]:
        return send.plan(asked, output)
    return send.run(asked, values.invocation(given), output)


def _date(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{option} {text}: expected a date as in 2026-11-30") from None


@click.group(invoke_without_command=True)
@place
@as_json
@click.pass_context
def jobs(context: click.Context, /, **given: Any) -> ExitCode | None:
    """List the tenant's backfill and booking date jobs, the newest first; or stop one.

    \b
    Examples:
      regen jobs
      regen jobs stop 4028818a7c8a5e1d017c8a6f3b1a0001
    """
    if context.invoked_subcommand is not None:
        context.obj = given
        return None
    from runner.commands import jobs as commands

    return commands.list_jobs(values.flags(_complete(given)), as_json=given["json_"])


@jobs.command()
@click.argument("job", metavar="ID")
@place
@click.option("--yes", is_flag=True, help="Do not ask, not even for production.")
@click.pass_obj
def stop(before: Given, /, job: str, yes: bool, **given: Any) -> ExitCode:
    """Stop a backfill or booking date job, or cancel a journal run (JR-…).

    \b
    Example:
      regen jobs stop JR-00000008
    """
    from runner.commands import jobs as commands

    merged = {name: value if value is not None else before.get(name) for name, value in given.items()}
    return commands.stop_job(values.flags(_complete(merged)), job, yes=yes)


def _complete(given: Given) -> Given:
    """With nothing said about the pace."""
    return {"rate": None, "concurrency": None, "quota_share": None} | given
