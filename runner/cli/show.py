"""`regen show`: one run's summary, the whole story of one of its rows, or a ticket about what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode
from runner.domain.run_status import RunStatus

if TYPE_CHECKING:
    from runner.ledger import Store
    from runner.runs.folder import RunFolder

MAX_ROW = 2**63 - 1  # the largest number that a ledger can hold


class _RowNumber(click.IntRange):
    """The number of a row. Help shows no upper bound: no run comes near it."""

    def _describe_range(self) -> str:
        return "x>=1"


TICKET_NOTE = (
    "the messages are Zuora's words without ids, numbers and what the rows hold; read them before you send them"
)


@click.command(cls=Command)
@options.run_argument
@options.runs_dir
@options.option(
    "--row",
    section="What",
    type=_RowNumber(1, MAX_ROW),
    metavar="N",
    help="Every attempt and reason of one row (regen_line).",
)
@options.option(
    "--key", section="What", metavar="KEY", help="The same for the row with this idempotency key or track id."
)
@options.option(
    "--ticket", section="What", is_flag=True, help="A text for Zuora Support: times and ids, no customer data."
)
@options.as_json
def show(run: str, row: int | None, key: str | None, ticket: bool, json_: bool, **params: Any) -> ExitCode:
    """Show one run's errors and next steps, or everything about one row.

    \b
    Examples:
      regen show last
      regen show RUN --row 17
      regen show RUN --key regen1-89dd8bd48dfbbea97bf18c39e44c18e96ea97aa3-0
      regen show RUN --ticket

    Exit codes: 0, or 2 (no such run or row).
    """
    from runner.ledger import open_read_only
    from runner.results.row_history import row_of_key
    from runner.runs.lookup import find_run

    folder = find_run(options.runs_folder(params), run)
    with open_read_only(folder.ledger) as store:
        if key is not None:
            row = row_of_key(store, folder.id, key)
        if ticket:
            _print_ticket(store, row)
        elif row is not None:
            _print_row(store, folder, row, as_json=json_)
        else:
            _print_run(store, folder, as_json=json_)
    return ExitCode.SUCCEEDED


def _print_ticket(store: Store, row: int | None) -> None:
    from runner.results.support_ticket import ticket
    from runner.system.console import say

    say("\n".join(ticket(store, row)))
    say(TICKET_NOTE, err=True)


def _print_row(store: Store, folder: RunFolder, row: int, *, as_json: bool) -> None:
    from runner.results.row_history import story, story_lines
    from runner.system.console import say, say_json

    history = story(store, folder, row)
    if as_json:
        say_json(history)
    else:
        say("\n".join(story_lines(history)))


def _print_run(store: Store, folder: RunFolder, *, as_json: bool) -> None:
    from runner.ledger import queries
    from runner.results.failures import clusters
    from runner.results.summary import summary
    from runner.runs.annotations import summed
    from runner.runs.completeness import incomplete
    from runner.system.console import printable, say, say_json

    document = folder.current_document()
    if as_json:
        say_json(
            document.as_json() | {"failures": [cluster.document() for cluster in clusters(queries.troubles(store))]}
        )
        return
    crashed = document.status is RunStatus.RUNNING and not folder.is_held()
    say(summary(document, store, str(folder.path), crashed=crashed))
    if (lost := incomplete(folder)) is not None:
        say("  the ledger is older than the rest of its folder; `regen resume` says what can be done:")
        say("\n".join(f"    {printable(reason)}" for reason in lost.reasons))
    if (later := summed(folder)) is not None:
        say(f"  {later}")
