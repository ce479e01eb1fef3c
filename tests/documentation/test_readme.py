"""The README is true: its walks are run and their output compared; every command and flag in it exists.

A walk is what stands between `<!-- walk: begin -->` and `<!-- walk: end -->`: its `console` blocks are typed into one
shell, in an empty folder, with a simulator (defaults) behind http://127.0.0.1:9080. What a command prints on stdout is
compared with what is shown, but for times, digests and the port; a shown line `…` stands for any number of lines, ` …`
at the end of a line for the rest of it. No other `console` block may show a command that a walk could run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib

import click
import pytest

from runner.cli import regen
from runner.results.failures import remedy
from runner.zuora.categories import CATEGORIES
from tests import ROOT
from tests.harness.program import simulated

README = ROOT / "README.md"
TEXT = README.read_text("utf-8")
WALK = re.compile(r"<!-- walk: begin -->\n(.*?)<!-- walk: end -->", re.DOTALL)
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
END = "--- end of output ---"

# What no walk runs, and why.
UNWALKED = {
    "make": "it is what runs this test, or takes minutes; .ci/run runs its verbs",
    "pip": "it installs; `make package` does so",
    "pipx": "it installs; `make package` does so",
    "docker": "there is no daemon in a test; the Dockerfile has tests of its own",
    "systemctl": "it changes the machine; the units have tests of their own",
    "journalctl": "it reads the machine's own journal",
    "jq": "not every machine has it; tests/documentation/test_readme_elsewhere.py types it where it is",
    "regen simulate": "it serves until it is told to end; every walk has one",
}
# Flags of other programs than `regen`.
FOREIGN = {"systemctl": {"--now", "--user"}, "docker": {"--rm", "--env-file", "--hostname", "--stop-timeout"}}


def walks() -> list[tuple[str, str]]:
    """The walks, each with the heading that it stands under."""
    found = []
    for match in WALK.finditer(TEXT):
        headings = re.findall(r"^##+ (.*)$", TEXT[: match.start()], re.MULTILINE)
        found.append((headings[-1], match[1]))
    return found


def steps(text: str) -> list[tuple[str, list[str]]]:
    """The commands of console blocks with the output that is shown for each. `> ` begins a command's further lines."""
    found: list[tuple[str, list[str]]] = []
    for block in CONSOLE.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.startswith("> ") and not found[-1][1]:
                found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
            else:
                found[-1][1].append(line)
    return found


def masked(text: str) -> str:
    """Output without what differs from run to run."""
    text = re.sub(r"127\.0\.0\.1:\d+", "HOST", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:?\d\d:?\d\d\.\d{6}Z", "TIME", text)
    text = re.sub(r"\d{4}-\d\d-\d\d", "DATE", text)
    text = re.sub(r"\b\d\d:\d\d(:\d\d(\.\d+)?)?\b", "HH:MM", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "HEAD", text)
    text = re.sub(r"\b[0-9a-f]{40}\b", "KEY", text)
    text = re.sub(r"\b[0-9a-f]{32}\b", "ID", text)
    text = re.sub(r"-[0-9a-f]{8}\b", "-DIGEST", text)
    return re.sub(r"\b\d+(\.\d+)? (s|ms)\b", "N s", text)


def _pattern(line: str) -> str:
    """A shown line as a pattern: `…` alone is any lines, at a line's end the rest of it."""
    if line.strip() == "…":
        return ".*"
    return re.escape(line[:-1]) + "[^\n]*" if line.endswith(" …") else re.escape(line)


def agrees(printed: str, shown: list[str]) -> bool:
    """Whether the output is what is shown."""
    lines = [_pattern(line) for line in masked("\n".join(shown)).splitlines()]
    return re.fullmatch("\n".join(lines), masked(printed).rstrip("\n"), re.DOTALL) is not None


@pytest.mark.skipif(os.name != "posix", reason="the walks are for a POSIX shell")
@pytest.mark.parametrize(("heading", "walk"), [pytest.param(*walk, id=walk[0]) for walk in walks()])
def test_the_walks_of_the_readme(tmp_path, heading, walk):
    """A newcomer who types this sees this."""
    typed = steps(walk)
    command = tmp_path / ".bin/regen"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m runner "$@"\n')
    command.chmod(0o755)
    environment = os.environ | {
        "PYTHONPATH": str(README.parent),
        "HOME": str(tmp_path / ".home"),
        "PATH": f"{command.parent}:{os.environ['PATH']}",
    }
    with simulated() as server:
        script = "".join(f"{one}\n{{ code=$?; printf '\\n%s\\n' '{END}'; (exit $code); }}\n" for one, _ in typed)
        done = subprocess.run(
            ["bash", "-c", script.replace("http://127.0.0.1:9080", server.url)],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    printed = done.stdout.split(f"\n{END}\n")
    assert len(printed) == len(typed) + 1, done.stderr
    for (one, shown), output in zip(typed, printed, strict=False):
        assert agrees(output, shown), f"$ {one}\n{output}\nbut the README shows\n" + "\n".join(shown)


def test_every_console_block_is_walked():
    """Or shows only what no walk can run."""
    for command, _ in steps(WALK.sub("", TEXT)):
        assert any(command == word or command.startswith(f"{word} ") for word in UNWALKED), command


def test_every_command_of_the_readme_exists():
    """And every flag that it names."""
    context = click.Context(regen)
    for name in set(re.findall(r"\bregen ([a-z][a-z-]+)", TEXT)):
        assert regen.get_command(context, name) is not None, name
    known = {flag for command in regen.commands.values() for parameter in command.params for flag in parameter.opts}
    known |= set().union(*FOREIGN.values())
    for flag in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", TEXT)):
        assert flag in known | {"--help", "--version"}, flag


@pytest.mark.parametrize("block", re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL))
def test_every_toml_block_can_be_read(block):
    tomllib.loads(block)


def test_the_table_of_errors_is_the_programs():
    """Every category with our word for it and its remedy."""
    table = TEXT.partition("## Errors and remedies")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| ")]
    told: dict[str, set[str]] = {}
    for codes, words, _, mends, _ in rows[1:]:
        names = set(re.findall(r"`([^`]+)`", words))
        for category in [*re.findall(r"\b\d\d\b", codes), *(names & {"record", "job"})]:
            told[category] = names
            assert f"`{remedy('failed', category, 200)}`" == mends
        for status in re.findall(r"`http-(\d+)`", words):
            assert f"`{remedy('failed', None, int(status))}`" == mends
    assert told.keys() == CATEGORIES.keys()
    assert all(word in told[category] for category, word in CATEGORIES.items())
