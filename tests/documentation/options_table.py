"""Write runner/topics/options.md from the program: `python -m tests.documentation.options_table`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from runner.cli import regen
from runner.cli.help_format import SECTIONS, SectionOption
from tests import ROOT

PATH = ROOT / "runner/topics/options.md"
COMMANDS = ["plan", "run", "resume", "backfill", "booking-dates", "journal-run"]
INTRODUCTION = """# Options of the commands that send

`regen COMMAND --help` shows the options of every command. This table is made from the program. *In* says which
commands take an option: p `plan`, r `run`, s `resume`, o the other jobs (`backfill`, `booking-dates`, `journal-run`).
"""


def _taken_by() -> dict[str, tuple[SectionOption, str]]:
    """Every option with the letters of the commands that take it."""
    taken: dict[str, tuple[SectionOption, str]] = {}
    for name, letter in zip(COMMANDS, "prsooo", strict=True):
        for option in regen.commands[name].params:
            if isinstance(option, SectionOption) and not option.hidden:
                _, letters = taken.get(option.opts[0], (option, ""))
                taken[option.opts[0]] = (option, letters if letter in letters else letters + letter)
    return taken


def _row(option: SectionOption, letters: str) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts)
    with click.Context(regen) as context:
        (named, _) = option.get_help_record(context) or ("", "")
    value = " ".join(word for word in named.split() if not word.startswith("-"))
    shown = f"{names} {value}".strip().replace("|", " / ")
    default = option.default_text or ("off" if option.is_flag else "–")
    env = f"`{option.env}`" if option.env else "–"
    return f"| {shown} | {letters} | {default} | {env} | {option.help} |"


def table() -> Iterator[str]:
    """The lines of the document."""
    yield from INTRODUCTION.splitlines()
    options = _taken_by()
    for section in SECTIONS:
        rows = [_row(option, letters) for option, letters in options.values() if option.section == section]
        if rows:
            yield from ["", f"## {section}", "", "| option | in | default | environment | meaning |"]
            yield from ["|---|---|---|---|---|", *rows]


if __name__ == "__main__":
    PATH.write_text("\n".join(table()) + "\n", "utf-8")
