"""`regen select`: a manifest made from the tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.completion import object_types
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode

if TYPE_CHECKING:
    from runner.select.request import SelectRequest


@click.command(cls=Command)
@click.argument("type_", metavar="TYPE", shell_complete=object_types)
@options.option(
    "--updated-since",
    section="What",
    metavar="DATE|last",
    help="Objects updated since then (UTC); last: since the last selection of this name that a run has confirmed.",
)
@options.option(
    "--begin",
    section="What",
    metavar="DATE",
    help="With --updated-since last: where to begin as long as there is no selection of this name.",
)
@options.option(
    "--missing", section="What", is_flag=True, help="Only objects without a transaction newer than their last update."
)
@options.option(
    "--lines",
    section="What",
    is_flag=True,
    help="Also objects of which only a line was updated: a charge of a subscription, an item of a document.",
)
@options.option(
    "--status", "statuses", section="What", multiple=True, metavar="S", help="Only this status; repeat it for more."
)
@options.option(
    "--sql",
    "sql_file",
    section="What",
    type=options.FILE,
    metavar="FILE",
    help="A query of your own, with :since and :until where the times go.",
)
@options.option(
    "--name",
    section="What",
    metavar="NAME",
    help="The selection's name, by which `last` finds the previous one.",
    default_text="TYPE",
)
@options.option(
    "--output",
    "-o",
    section="Output",
    type=options.FILE,
    metavar="FILE",
    help="The manifest, .csv or .parquet.",
    default_text="NAME.csv",
)
@options.option("--dry-run", section="Output", is_flag=True, help="Print the SQL and send nothing to the tenant.")
@options.connection
@options.as_json
def select(json_: bool, dry_run: bool, **params: Any) -> ExitCode:
    """Make a manifest from the tenant by Data Query.

    Objects that cannot have a transaction are left out and counted: drafts,
    cancelled documents, items excluded from Revenue accounting. FILE.json
    beside the manifest has the query, its time, the tenant and the counts.

    \b
    Examples:
      regen select Subscription --updated-since 2026-11-01
      regen select Invoice --missing --status Posted -o missing.parquet
      regen select Subscription --updated-since last --name nightly
      regen select CreditMemo --updated-since last --dry-run

    Exit codes: 0, 1 the tenant does not answer, 2 refused.
    """
    from runner.config.settings import gather
    from runner.select.manifest_file import lines
    from runner.select.selection import planned, preview
    from runner.select.selection import select as selection
    from runner.system.console import printable, say, say_json

    request = _request(params)
    if dry_run:
        say(preview(request, lambda: gather(options.flags(params))))
        return ExitCode.SUCCEEDED
    settings = gather(options.flags(params))
    sidecar = selection(planned(request, settings), settings)
    if json_:
        import msgspec

        say_json(msgspec.to_builtins(sidecar))
        return ExitCode.SUCCEEDED
    say("\n".join(map(printable, lines(sidecar))))
    if sidecar.counts.rows:
        say(printable(f"send it: regen run {sidecar.manifest}:{sidecar.type}"))
    return ExitCode.SUCCEEDED


def _request(params: options.Params) -> SelectRequest:
    from runner.select.request import SelectRequest

    return SelectRequest(
        type=params["type_"],
        updated_since=params["updated_since"],
        begin=params["begin"],
        missing=params["missing"],
        lines=params["lines"],
        statuses=params["statuses"],
        sql_file=params["sql_file"],
        name=params["name"],
        output=params["output"],
    )
