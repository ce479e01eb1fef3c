"""Help fits a terminal of 80 columns, under headings, whole; every command has an example and its exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from runner.cli import regen as program
from runner.cli.help_format import SECTIONS, WIDTH, SectionOption, summary
from runner.config.settings import VARIABLES

OTHERS_OPTIONS = {"help", "version"}


def each(command: click.Command, *names: str) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(names), command
    for name, inner in command.commands.items() if isinstance(command, click.Group) else ():
        yield from each(inner, *names, name)


COMMANDS = list(each(program))
EACH = pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name or "regen" for name, _ in COMMANDS])


@EACH
def test_help_fits_80_columns(regen, name, command):
    """And breaks no option name at the end of a line."""
    lines = regen(*name.split(), "--help").out.splitlines()
    assert [line for line in lines if len(line) > WIDTH or line.rstrip().endswith("-")] == []


@pytest.mark.parametrize(("columns", "expected"), [("60", 60), ("200", 80), ("20", 50)])
def test_help_is_as_wide_as_the_terminal(regen, monkeypatch, columns, expected):
    """Up to 80 columns, and from 50; the lists of commands and options fill them."""
    monkeypatch.setenv("COLUMNS", columns)
    shown = regen("--help").out
    lists = [
        *shown[shown.index("\nRun:") :].splitlines(),
        *regen("resume", "--help").out.split("Pace:")[1].splitlines(),
    ]
    assert expected - 8 < max(map(len, lists)) <= expected


@EACH
def test_there_is_an_example_and_the_exit_codes(name, command):
    """Each example is of this command."""
    assert re.search(r"Exit codes?:", command.help), name
    examples = re.search(r"Examples?:\n((?: +\S.*\n)+)", command.help)
    assert examples is not None
    assert f"regen {name}".strip() in examples[1]


@EACH
def test_every_option_has_a_heading_and_a_sentence(name, command):
    """Defaults are written once, by the option and not in its text."""
    for option in command.params:
        if isinstance(option, click.Option) and option.name not in OTHERS_OPTIONS and not option.hidden:
            assert isinstance(option, SectionOption), option.name
            assert option.section in SECTIONS[:-1]
            assert option.help
            assert "[" not in option.help


def test_commands_are_under_headings_with_their_whole_summary(regen):
    """No command is left out, none cut off."""
    shown = regen("--help").out
    joined = " ".join(shown.split())
    assert [heading for heading in program.sections if f"\n{heading}:\n" not in shown] == []
    assert "\nCommands:\n" not in shown
    for name, command in program.commands.items():
        assert f"{name} {summary(command)}" in joined
        assert len(summary(command)) <= 80, name


def test_every_variable_is_shown_by_its_option():
    """The settings read them; who reads only the help must know of them too."""
    shown = {option.name: getattr(option, "env", "") for option in program.commands["run"].params}
    for name, variable in (VARIABLES | {"profile": "REGEN_PROFILE", "config": "REGEN_CONFIG"}).items():
        assert shown.get(name) == variable or name not in shown, name
    assert {variable for variable in shown.values() if variable} >= {
        "ZUORA_BASE_URL",
        "REGEN_PROFILE",
        "REGEN_NOTIFY_ON",
    }


def test_short_options(regen):
    """As everywhere: -V, -h."""
    assert regen("-V").out == regen("--version").out
    assert regen("run", "-h").out == regen("run", "--help").out
