"""The commands that look at runs and judge them: `runs`, `show`, `results`, `report`, `diff`, `reconcile`, `verify`."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import values
from runner.cli.completion import run_ids
from runner.cli.options import REMEDIES, as_json, place, run_argument, runs_dir
from runner.domain.errors import ExitCode

MOST_ROWS = 2**63 - 1  # that a ledger can count


@click.command()
@runs_dir
@click.option("--unfinished", is_flag=True, help="Only the ids of runs that can go on, the oldest first.")
@click.option("--json", "json_", is_flag=True, help="Print a JSON array.")
def runs(runs_dir: str | None, unfinished: bool, json_: bool) -> ExitCode:
    """List the runs in the folder, newest first.

    \b
    Examples:
      regen runs --json | jq '.[0].counts'
      for run in $(regen runs --unfinished); do regen resume "$run"; done
    """
    from runner.commands import look

    return look.list_runs(values.runs_in(runs_dir), as_json=json_, unfinished=unfinished)


@click.command()
@run_argument
@runs_dir
@click.option("--row", type=click.IntRange(1, MOST_ROWS), metavar="N", help="The whole story of one row (regen_line).")
@click.option("--key", metavar="KEY", help="The same of the row with this idempotency key or track id.")
@click.option("--ticket", is_flag=True, help="A text for Zuora Support: times and ids, no customer data.")
@as_json
def show(run: str, runs_dir: str | None, row: int | None, key: str | None, ticket: bool, json_: bool) -> ExitCode:
    """Show a run's balance, its errors with their remedies and the next steps, or everything about one row.

    \b
    Examples:
      regen show RUN
      regen show RUN --row 17
      regen show RUN --key regen1-89dd8bd48dfbbea97bf18c39e44c18e96ea97aa3-0
      regen show RUN --ticket
    """
    from runner.commands import look

    return look.show(values.runs_in(runs_dir), run, look.Shown(row=row, key=key, ticket=ticket, as_json=json_))


@click.command()
@run_argument
@runs_dir
@click.option("--format", "format_", type=click.Choice(["parquet", "csv", "both"]), help="[default: as the run says]")
@click.option("--category", type=click.Choice(REMEDIES), help="Only the errors that this remedy mends: a manifest.")
@click.option("--step", "steps", type=int, multiple=True, metavar="N", help="… and only those of this step; repeat it.")
def results(
    run: str, runs_dir: str | None, format_: str | None, category: str | None, steps: tuple[int, ...]
) -> ExitCode:
    """Make the result files again, at any time, also of a run that is going on or crashed; print their paths.

    \b
    Examples:
      regen results RUN --format csv
      regen run "$(regen results RUN --category wait)"
    """
    from runner.commands import look

    wanted = look.Wanted(values.formats(format_) if format_ else None, category, steps)
    return look.results(values.runs_in(runs_dir), run, wanted)


@click.command()
@run_argument
@runs_dir
def report(run: str, runs_dir: str | None) -> ExitCode:
    """Make report.html again, also of a run that is going on or crashed; print its path.

    \b
    Example:
      xdg-open "$(regen report RUN)"
    """
    from runner.commands import audit

    return audit.report(values.runs_in(runs_dir), run)


@click.command()
@click.argument("before", metavar="RUN", shell_complete=run_ids)
@click.argument("after", metavar="RUN", shell_complete=run_ids)
@runs_dir
@as_json
def diff(before: str, after: str, runs_dir: str | None, json_: bool) -> ExitCode:
    """Compare two runs, the earlier one first: newly failing, fixed, still failing, other ids. Exit 3 on new failures.

    \b
    Examples:
      regen diff LAST-NIGHT TONIGHT
      regen diff 2026-11-20-nightly-1a2b3c4d 2026-11-21-nightly-5e6f7a8b --json
    """
    from runner.commands import audit

    return audit.diff(values.runs_in(runs_dir), before, after, as_json=json_)


@click.command()
@run_argument
@place
@click.option("--against", metavar="FILE", help="An extract of booking or billing transactions (CSV, Parquet, …).")
@click.option("--id-column", metavar="NAME", help="The column of FILE that holds the id.  [default: found]")
@click.option("--time-column", metavar="NAME", help="The column that tells when it was updated.  [default: found]")
@click.option("--query", is_flag=True, help="Ask the tenant itself, by data queries.")
@as_json
def reconcile(**given: Any) -> ExitCode:
    """Prove that manifest, ledger and results agree, and that the tenant has what the run made. Exit 3 if not.

    \b
    Examples:
      regen reconcile RUN
      regen reconcile RUN --against booking_transactions.csv.gz
      regen reconcile RUN --against extract.parquet --id-column RC_ID --time-column UPDT_DT
      regen reconcile RUN --query
    """
    from runner.commands import audit

    path = given["against"]
    extract = audit.Extract(path, given["id_column"], given["time_column"]) if path else None
    asked = audit.Reconciled(given["run"], values.flags(given), extract, given["query"], given["json_"])
    return audit.reconcile(values.runs_in(given["runs_dir"]), asked)


@click.command()
@run_argument
@runs_dir
@click.option("--head", metavar="HASH", help="The head of the ledger as it was noted elsewhere when the run ended.")
@as_json
def verify(run: str, runs_dir: str | None, head: str | None, json_: bool) -> ExitCode:
    """Prove that a run folder is what the run left: checksums, hash chain, balance, results. Exit 3 if it is not.

    \b
    Examples:
      regen verify RUN
      regen verify RUN --head 5f1d0c…
      (cd runs/RUN && sha256sum -c SHA256SUMS)
    """
    from runner.commands import audit

    return audit.verify(values.runs_in(runs_dir), run, head=head, as_json=json_)
