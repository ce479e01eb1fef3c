"""Whoever types what a document shows sees what it shows."""

from __future__ import annotations

import os

import pytest

from tests.documentation.documents import DOCUMENTS, README, WALK, agrees, commands, type_in, walks

POSIX = pytest.mark.skipif(os.name != "posix", reason="the walks are for a POSIX shell")
WALKS = [pytest.param(walk, id=f"{path.stem}-{n}") for path in DOCUMENTS for n, walk in enumerate(walks(path), 1)]

# What no walk runs, and why.
UNWALKED = {
    "make": "it runs this test, or takes minutes; .ci/run runs its targets",
    "pip": "it installs; `make package` does so",
    "docker": "there is no daemon in a test; the Dockerfile has tests of its own",
    "jq": "not every machine has it; test_analysis.py types it where it is",
    "regen simulate": "it serves until it is stopped; every walk has one",
    "regen nightly repair.toml": "the tests of stages do so, with a tenant that has objects",
    "regen nightly nightly.csv": "the walk of the topic nightly does so",
}


@POSIX
@pytest.mark.parametrize("walk", WALKS)
def test_a_walk(tmp_path, walk):
    """In an empty folder."""
    _assert_agrees(walk, tmp_path)


@POSIX
def test_the_walks_of_the_readme_one_after_the_other(tmp_path):
    """A newcomer stays in one folder, in one shell."""
    _assert_agrees("".join(walks(README)), tmp_path)


def _assert_agrees(walk, folder):
    typed = commands(walk)
    for command, printed in zip(typed, type_in(typed, folder), strict=True):
        shown = "\n".join(command.shown)
        assert agrees(printed, command.shown), f"$ {command.text}\n{printed}\nbut the document shows\n{shown}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_console_block_is_walked(path):
    """Or shows only what no walk can run."""
    for command in commands(WALK.sub("", path.read_text("utf-8"))):
        assert any(command.text == word or command.text.startswith(f"{word} ") for word in UNWALKED), command
