"""Every command, option, link and setting of the documents exists; the README is short and leads to all of them."""

from __future__ import annotations

import re
import tomllib

import click
import pytest

from runner.cli import regen
from tests import ROOT
from tests.documentation.documents import CONTRIBUTING, DOCUMENTS, README, TOPICS, blocks

EACH = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
# Options of other programs than `regen`.
FOREIGN = {
    *("--now", "--rm", "--env-file", "--hostname", "--stop-timeout", "--help", "--version"),
    *("--secret-id", "--output", "--vault-name", "--name"),  # aws, az
}


def _options(command: click.Command) -> set[str]:
    parameters = command.get_params(click.Context(command))  # those of `simulate` are read from its parser
    own = {option for parameter in parameters for option in parameter.opts}
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    return own.union(*map(_options, inner))


@EACH
def test_every_command_exists(path):
    """And every option that is named."""
    text = path.read_text("utf-8")
    for name in set(re.findall(r"(?<!-t )\bregen ([a-z][a-z-]+)", re.sub(r"docker run.* regen run", "", text))):
        assert regen.get_command(click.Context(regen), name) is not None, name
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)):
        assert option in _options(regen) | FOREIGN, option


def test_the_readme_has_every_command():
    """In its table, and there are no others."""
    table = README.read_text("utf-8").partition("## Commands\n")[2].partition("\n\n## ")[0]
    first_cells = " ".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`regen ([a-z-]+)", first_cells)) == set(regen.commands)


@EACH
def test_every_link_leads_to_a_file(path):
    """And every picture is there."""
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


def test_the_readme_is_short_and_leads_to_everything():
    """At most 250 lines; nobody has to read about tests to use the program."""
    text = README.read_text("utf-8")
    assert text.count("\n") <= 250
    for path in [*TOPICS, CONTRIBUTING]:
        assert f"]({path.relative_to(ROOT).as_posix()})" in text, path


@EACH
def test_every_toml_block_can_be_read(path):
    """As TOML; what the keys mean has tests of its own."""
    for block in blocks(path.read_text("utf-8"), "toml"):
        tomllib.loads(block)


def test_no_table_is_in_two_documents():
    """A fact that stands twice is soon wrong once."""
    rows: dict[str, str] = {}
    for path in DOCUMENTS:
        for line in set(path.read_text("utf-8").splitlines()):
            if line.startswith("| ") and not line.startswith(("| --", "| word", "|--")):
                assert line not in rows, f"{path.name} and {rows[line]}: {line}"
                rows[line] = path.name
