"""`regen simulate`: a local imitation of the Zuora API.

Its options are the simulator's own: they are read from its parser when they are needed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import click

from runner.cli.help_format import Command, SectionOption
from runner.domain.errors import ExitCode

_SECTIONS = {  # the first option under each heading
    "host": "Where",
    "seed": "What goes wrong",
    "replay_dialect": "Keys and limits",
    "token_seconds": "Sign-in",
    "billing_id_field": "Answers",
    "job_seconds": "Jobs",
    "time_zone": "Data Query",
    "job_type_key": "Tenant",
    "revenue": "Zuora Revenue",
    "state": "State",
}


class _Simulate(Command):
    """A command with the options of the simulator's parser, and its text about faults."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The options, one for each of the simulator's."""
        from runner.simulator.server import parser

        section, own = "", []
        for action in parser()._actions:
            section = _SECTIONS.get(action.dest, section)
            if (option := _option(action, section)) is not None:
                own.append(option)
        return [*own, *super().get_params(ctx)]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of faults."""
        from runner.simulator.server import parser

        with formatter.section("Faults"):
            formatter.write_dl(list(_faults(parser().epilog or "")))


@click.command(cls=_Simulate)
@click.pass_context
def simulate(context: click.Context, /, **params: Any) -> int:
    """Imitate the Zuora API on this machine, for rehearsals.

    \b
    Examples:
      regen simulate
      regen simulate --fault lost-answer=0.05 --fault locking=0.1 --seed 7
      regen simulate --tenant central-sandbox --quota-scale 0.01

    Exit codes: 0 stopped by a signal, 2 it could not start.
    """
    from runner.simulator.server import main

    return main(list(_words(context, params))) or ExitCode.SUCCEEDED


def _option(action: argparse.Action, section: str) -> click.Option | None:
    """An option of argparse as one of click."""
    if not action.option_strings or action.dest == "help":
        return None
    text = action.help or ""
    attributes: dict[str, Any] = {"help": f"{text[:1].upper()}{text[1:]}."}
    if action.nargs == 0:
        attributes["is_flag"] = True
    else:
        attributes |= {"multiple": isinstance(action.default, list), "type": _type(action), "metavar": action.metavar}
        if action.default not in (None, "") and not isinstance(action.default, list):
            attributes["default_text"] = str(action.default)
    return SectionOption([*action.option_strings, action.dest], section=section, **attributes)


def _type(action: argparse.Action) -> Any:
    if action.choices:
        return click.Choice([str(choice) for choice in action.choices])
    return action.type if action.type in (int, float) else str


def _words(context: click.Context, params: dict[str, Any]) -> Iterator[str]:
    """The command line that the simulator's parser reads."""
    for param in context.command.get_params(context):
        value = params.get(str(param.name))
        if value is True:
            yield param.opts[0]
        elif value is not None and value is not False:  # 0 and an empty text are values like others
            for each in value if isinstance(value, tuple) else (value,):
                yield f"{param.opts[0]}={each}"


def _faults(epilog: str) -> Iterator[tuple[str, str]]:
    for line in epilog.splitlines()[1:]:
        name, _, about = line.strip().partition(" ")
        yield name, about.strip()
