"""`regen reconcile`: whether manifest, ledger and results agree; and the tenant, by an extract or by data queries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode

if TYPE_CHECKING:
    from runner.audit.check import Check
    from runner.ledger import Store


@click.command(cls=Command)
@options.run_argument
@options.connection
@options.option(
    "--against",
    section="What",
    type=options.FILE,
    metavar="FILE",
    help="An extract of booking or billing transactions (CSV, Parquet, …).",
)
@options.option(
    "--id-column",
    section="Reading files",
    metavar="NAME",
    help="The column of FILE that has the id.",
    default_text="by its name",
)
@options.option(
    "--time-column",
    section="Reading files",
    metavar="NAME",
    help="The column of FILE that has the time of update.",
    default_text="by its name",
)
@options.option("--query", section="What", is_flag=True, help="Ask the tenant itself, by data queries.")
@options.option(
    "--revenue",
    section="What",
    is_flag=True,
    help="Like --query; also ask whether Zuora Revenue has collected the transactions.",
)
@options.as_json
def reconcile(run: str, json_: bool, **params: Any) -> ExitCode:
    """Prove that manifest, ledger, results and tenant agree.

    Without --against, --query or --revenue, the tenant is not asked.

    \b
    Examples:
      regen reconcile RUN
      regen reconcile RUN --against booking_transactions.csv.gz
      regen reconcile RUN --against x.parquet --id-column RC_ID
      regen reconcile last --query
      regen reconcile last --revenue

    Exit codes: 0 every check passed, 1 a check could not run, 3 a check failed.
    """
    from runner.audit.reconcile import reconcile as local_checks
    from runner.audit.reconcile import results_of
    from runner.cli.output import print_checks
    from runner.ledger import open_read_only
    from runner.runs.lookup import find_run
    from runner.system.console import say
    from runner.system.runtime_tuning import seldom_collecting

    folder = find_run(options.runs_folder(params), run)
    params["query"] = params["query"] or params["revenue"]
    target = folder.later() if params["against"] or params["query"] else folder.path
    with open_read_only(folder.ledger) as store, results_of(store, folder.path) as results, seldom_collecting():
        checks, files = _remote_checks(store, target, params)
        checks = local_checks(store, folder.path, results) + checks
    code = print_checks(folder, checks, as_json=json_)
    for path in files:
        say(str(path), err=json_)
    return code


def _remote_checks(store: Store, target: Path, params: options.Params) -> tuple[list[Check], list[Path]]:
    """The checks against an extract, against the tenant itself, and the files that they wrote to `target`."""
    from runner.audit.extract_diff import Terms, compare
    from runner.session.tenant_check import query_tenant

    checks: list[Check] = []
    files: list[Path] = []
    if params["against"]:
        terms = Terms(params["id_column"], params["time_column"])
        compared = compare(store, target, params["against"], terms)
        checks += compared.checks
        files += [compared.missing, compared.extra]
    if params["query"]:
        inquiry = query_tenant(store, target, options.flags(params), revenue=params["revenue"])
        checks += inquiry.checks
        files += inquiry.files
    return checks, files
