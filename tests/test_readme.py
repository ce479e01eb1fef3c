"""The README is true: its walk is run and its output compared; every command in it exists."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from runner.cli import regen
from tests.runner.conftest import simulated

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text("utf-8")
WALK = TEXT.partition("<!-- walk: begin -->")[2].partition("<!-- walk: end -->")[0]


def steps(text: str) -> list[tuple[str, list[str]]]:
    """The commands of console blocks with the output that is shown for each."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def masked(text: str) -> str:
    """Output without what differs from run to run."""
    text = re.sub(r"http://127\.0\.0\.1:\d+", "URL", text)
    text = re.sub(r"\d{4}-\d\d-\d\d", "DATE", text)
    text = re.sub(r"\b\d\d:\d\d\b", "HH:MM", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "HEAD", text)
    text = re.sub(r"-[0-9a-f]{8}\b", "-DIGEST", text)
    return re.sub(r"\b\d+\.\d s\b", "N s", text)


@pytest.mark.skipif(os.name != "posix", reason="the walk is for a POSIX shell")
def test_the_walk_of_the_readme(tmp_path):
    """A newcomer who types this sees this."""
    environment = os.environ | {"PYTHONPATH": str(README.parent), "HOME": str(tmp_path)}
    with simulated() as server:
        exports = f'regen() {{ {sys.executable} -m runner "$@"; }}; '
        for command, shown in steps(WALK):
            if command.startswith("export "):
                exports += command.replace("http://127.0.0.1:9080", server.url) + "; "
                continue
            done = subprocess.run(
                ["bash", "-c", exports + command],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert masked(done.stdout).splitlines() == masked("\n".join(shown)).splitlines(), command


def test_every_command_of_the_readme_exists():
    """And every flag that it names."""
    context = click.Context(regen)
    for name in set(re.findall(r"\bregen ([a-z][a-z-]+)", TEXT)):
        assert regen.get_command(context, name) is not None, name
    known = {flag for command in regen.commands.values() for parameter in command.params for flag in parameter.opts}
    for flag in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", TEXT)):
        assert flag in known | {"--help"}, flag
