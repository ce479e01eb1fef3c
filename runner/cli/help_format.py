"""Help for people: options under headings, with defaults and environment variables; commands under headings.

click shows one list of options and cuts off the commands' summaries; everything else is click's own.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

import click

WIDTH, NARROWEST = 80, 50
SECTIONS = ("What", "Where", "Pace", "Stop rules", "Reading files", "Output", "Options")


def width() -> int:
    """How many columns help takes: all of a terminal, up to 80. click itself leaves two of them free."""
    return max(min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH), NARROWEST)


class SectionOption(click.Option):
    """An option under a heading of the help. `env` is the variable that the settings read, `default_text` what applies
    without the option; both only shown here."""

    def __init__(self, *args: Any, section: str = "Options", env: str = "", default_text: str = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.section, self.env, self.default_text = section, env, default_text

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The names and the help, with default and variable."""
        record = super().get_help_record(ctx)
        if record is None:
            return None
        notes = [f"default: {self.default_text}"] if self.default_text else []
        notes += [f"env: {self.env}"] if self.env else []
        return record[0], record[1] + (f"  [{'; '.join(notes)}]" if notes else "")


class Command(click.Command):
    """A command whose help has its options under headings."""

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        """Both names, whatever the context: click keeps the option that it makes first, even without the group."""
        return ["-h", "--help"]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, a list for each heading."""
        write_sections(self.get_params(ctx), ctx, formatter)


def write_sections(params: Sequence[click.Parameter], ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write the options of a command, a list for each heading."""
    records: dict[str, list[tuple[str, str]]] = {section: [] for section in SECTIONS[:-1]}
    for param in params:
        if isinstance(param, click.Option) and (record := param.get_help_record(ctx)) is not None:
            records.setdefault(getattr(param, "section", SECTIONS[-1]), []).append(record)
    last = {SECTIONS[-1]: records.pop(SECTIONS[-1], [])}
    for section, rows in (records | last).items():
        if rows:
            with formatter.section(section):
                formatter.write_dl(rows)


class Group(click.Group):
    """Commands under headings, each with its whole summary."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections: dict[str, list[str]] = {}

    def add_section(self, heading: str, *commands: click.Command) -> None:
        """Add commands under a heading, in this order."""
        names = self.sections.setdefault(heading, [])
        for command in commands:
            self.add_command(command)
            names.append(str(command.name))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        write_sections(self.get_params(ctx), ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, a list for each heading."""
        width = max(map(len, self.commands))
        in_sections = set().union(*self.sections.values())
        others = {"Commands": [name for name in self.commands if name not in in_sections]}
        for heading, names in (self.sections | others).items():
            if not names:
                continue
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), summary(self.commands[name])) for name in names])


def summary(command: click.Command) -> str:
    """The first paragraph of a command's help."""
    return " ".join((command.help or "").split("\n\n")[0].split()).removesuffix(".")
