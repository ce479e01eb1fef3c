"""The documents and what can be typed from them.

A walk is what is between `<!-- walk: begin -->` and `<!-- walk: end -->`: its `console` blocks are typed into one
shell, in an empty folder, with a simulator (defaults) behind http://127.0.0.1:9080. What a command prints on stdout is
compared with what is shown, except for times, digests and the port. A shown line `…` means any number of lines, ` …`
at the end of a line the rest of it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests import ROOT
from tests.harness import forks
from tests.harness.program import simulated

README, CONTRIBUTING = ROOT / "README.md", ROOT / ".github/CONTRIBUTING.md"
TOPICS = sorted((ROOT / "runner/topics").glob("*.md"))
DOCUMENTS = [README, CONTRIBUTING, ROOT / ".github/SECURITY.md", ROOT / "tests/bench/README.md", *TOPICS]
WALK = re.compile(r"<!-- walk: begin -->\n(.*?)<!-- walk: end -->", re.DOTALL)
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
END = "--- end of output ---"


@dataclass(frozen=True)
class Command:
    """A command of a console block, and the output that is shown for it."""

    text: str
    shown: tuple[str, ...]


def topic(name: str) -> str:
    """The text of a topic."""
    return (ROOT / f"runner/topics/{name}.md").read_text("utf-8")


def blocks(text: str, language: str, containing: str = "") -> list[str]:
    """The code blocks in a language that contain a text."""
    return [block for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) if containing in block]


def section(text: str, title: str) -> str:
    """The part of a document under a heading of the second level."""
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def walks(path: Path) -> list[str]:
    """The walks of a document."""
    return WALK.findall(path.read_text("utf-8"))


def commands(text: str) -> list[Command]:
    """The commands of console blocks."""
    typed: list[tuple[str, list[str]]] = []
    for block in CONSOLE.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                typed.append((line[2:], []))
            else:
                typed[-1][1].append(line)
    return [Command(command, tuple(shown)) for command, shown in typed]


def type_in(walk_commands: list[Command], folder: Path) -> list[str]:
    """Type commands into one shell in a folder that has `regen` on its path; what each printed."""
    program = folder / ".bin/regen"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(forks.regen())} "$@"\n')
    program.chmod(0o755)
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder / ".home"),
        "PATH": f"{program.parent}:{os.environ['PATH']}",
    }
    lines = [f"{command.text}\n{{ code=$?; printf '\\n%s\\n' '{END}'; (exit $code); }}\n" for command in walk_commands]
    with simulated() as server:
        script = "".join(lines).replace("http://127.0.0.1:9080", server.url)
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    printed = done.stdout.split(f"\n{END}\n")
    assert len(printed) == len(walk_commands) + 1, done.stderr
    return printed[:-1]


def masked(text: str) -> str:
    """Output without what differs from run to run."""
    text = re.sub(r"127\.0\.0\.1:\d+", "HOST", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:?\d\d:?\d\d\.\d{6}Z", "TIME", text)
    text = re.sub(r"\d{4}-\d\d-\d\d", "DATE", text)
    text = re.sub(r"\b\d\d:\d\d(:\d\d(\.\d+)?)?\b", "HH:MM", text)
    text = re.sub(r"HH:MM [A-Z]{3,5}\b", "HH:MM ZONE", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "HEAD", text)
    text = re.sub(r"\b[0-9a-f]{40}\b", "KEY", text)
    text = re.sub(r"\b[0-9a-f]{32}\b", "ID", text)
    text = re.sub(r"-[0-9a-f]{8}\b", "-DIGEST", text)
    return re.sub(r"\b\d+(\.\d+)? (s|ms)\b", "N s", text)


def agrees(printed: str, shown: tuple[str, ...]) -> bool:
    """Whether the output is what is shown."""
    lines = [_pattern(line) for line in masked("\n".join(shown)).splitlines()]
    return re.fullmatch("\n".join(lines), masked(printed).rstrip("\n"), re.DOTALL) is not None


def _pattern(line: str) -> str:
    """A shown line as a pattern."""
    if line.strip() == "…":
        return ".*"
    return re.escape(line[:-1]) + "[^\n]*" if line.endswith(" …") else re.escape(line)
