"""`regen find`: one object's fate over all runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode

if TYPE_CHECKING:
    from runner.history.object_history import ObjectRow


@click.command(cls=Command)
@click.argument("name", metavar="OBJECT")
@options.runs_dir
@options.published
@options.as_json
def find(name: str, json_: bool, **params: Any) -> ExitCode:
    """Show what happened to one object in every run.

    OBJECT is a number, name or id as in the manifest. A subscription's name finds
    all its versions, an order's number all its items.

    \b
    Examples:
      regen find A-S00000001
      regen find "A-S00000001 v2"
      regen find INV00000012 --json

    Exit codes: 0, or 3 if no run has it.
    """
    from dataclasses import asdict

    from runner.history.object_history import object_history
    from runner.history.sources import sources_at, sources_in
    from runner.system.console import printable, say, say_json

    url = params["remote"]
    sources = sources_at(url) if url else sources_in(options.runs_folder({"runs_dir": params["runs_dir"]}))
    rows = list(object_history(sources, name.strip()))
    if json_:
        say_json([asdict(row) for row in rows])
    else:
        say(
            printable_rows(rows)
            if rows
            else printable(f"no run {'there' if url else 'in this folder'} has a row about {name}")
        )
    return ExitCode.SUCCEEDED if rows else ExitCode.ROWS_FAILED


def printable_rows(rows: list[ObjectRow]) -> str:
    """A line a row, and where to read its attempts."""
    from runner.system.console import printable

    return "\n".join(printable(line) for row in rows for line in _lines(row))


def _lines(row: ObjectRow) -> list[str]:
    when = (row.settled or row.started)[:16].replace("T", " ")
    mode = f" ({row.mode})" if row.mode else ""
    head = f"{when} UTC  {row.outcome:<9} {row.object}  {row.operation}{mode}"
    detail = [f"  run {row.run}, {row.source}, row {row.row}"]
    if row.ids:
        detail.append(f"  {len(row.ids)} {'id' if len(row.ids) == 1 else 'ids'}: {', '.join(row.ids)}")
    if row.error:
        detail.append(f"  {row.error}")
    return [head, *detail, f"  attempts: regen show {row.run} --row {row.line}"]
