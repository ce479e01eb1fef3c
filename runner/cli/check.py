"""`regen check`: what is in manifests and what is wrong with them, without a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.cli.reading_options import reading
from runner.domain.errors import ExitCode

if TYPE_CHECKING:
    from runner.plan.examination import Examination
    from runner.session.run_request import RunRequest


@click.command(cls=Command)
@click.argument("manifests", nargs=-1, required=True, metavar="FILE[:TYPE]...|PLAN.toml", type=options.FILE)
@options.object_type
@options.mode
@options.resend_unknown
@options.skip_rejected
@reading
@options.as_json
def check(json_: bool, **params: Any) -> ExitCode:
    """Check manifests as `regen plan` does, without credentials, tenant or run.

    Shows the rows by type, every problem of every row, notes on what looks odd,
    and the first requests. Writes nothing.

    \b
    Examples:
      regen check subscriptions.csv invoices.xlsx
      regen check export.xlsx --sheet Mai --header-row 3
      regen check ids.csv:Invoice --json

    Exit codes: 0 can be sent, 2 refused (a file, a header or a row is wrong).
    """
    from runner.domain.errors import Refused
    from runner.plan.examination import examined
    from runner.session.run_request import with_plan_file
    from runner.session.stages import without_tenant
    from runner.system.console import printable, say, say_json

    request = with_plan_file(_request(params))
    if request.plan:
        request, note = without_tenant(request)
        if note:
            say(note, err=True)
    try:
        examination = examined(request.steps, resend_unknown=request.resend_unknown)
    except Refused as error:
        if not json_:
            raise
        say_json({"refused": True, "problems": str(error).splitlines()})
        return ExitCode.REFUSED
    if json_:
        say_json(_as_json(examination))
    else:
        say("\n".join(map(printable, _lines(examination))))
    return ExitCode.REFUSED if examination.refused else ExitCode.SUCCEEDED


def _request(params: options.Params) -> RunRequest:
    from runner.plan.typed_paths import typed_paths
    from runner.session.run_request import RunRequest

    paths, types = typed_paths(params["manifests"])
    names = ("mode", "skip_rejected", "resend_unknown")
    return RunRequest(
        manifests=paths,
        types=types,
        type=params["type_"],
        reading=options.reading_options(params),
        **{name: params[name] for name in names},
    )


def _as_json(examination: Examination) -> dict[str, Any]:
    import msgspec

    document: dict[str, Any] = msgspec.to_builtins(examination)
    return {"rows": examination.rows} | document


def _lines(examination: Examination) -> list[str]:
    """The findings for people."""
    states = " + ".join(f"{count:,} {_WORDS.get(state, state)}" for state, count in examination.states.items())
    from runner.system.counting import counted

    lines = [f"{counted(examination.rows, 'row')} = {states}"]
    lines += [
        f"  {each.path}{f', sheet {each.sheet}' if each.sheet else ''}: {counted(each.rows, 'row')}"
        for each in examination.files
    ]
    lines += [f"  {type}: {count:,}" for type, count in examination.types.items()]
    lines += [
        f"  POST …/{each.operation}{'?' if each.query else ''}{each.query} {each.body or ''}".rstrip()
        for each in examination.first_requests
    ]
    lines += [f"  {note}" for note in examination.notes]
    if examination.problems:
        lines += ["problems:", *(f"  {problem}" for problem in examination.problems)]
    rejected = examination.states.get("rejected", 0)
    if not examination.refused:
        return [*lines, "can be sent: regen plan, then regen run, with the same files and options"]
    rest = ", or send the rest with --skip-rejected" if rejected < examination.rows else ""
    return [*lines, f"would be refused: fix the file{rest}"]


_WORDS = {"pending": "to be sent"}
