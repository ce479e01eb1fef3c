"""What the verbs of the Makefile would do: `make -n` says it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def commands(verb: str, environment: Path) -> str:
    """The commands that a verb would run with its packages in this folder."""
    command = ["make", "-n", "--no-print-directory", verb, f"VENV={environment}", "PYTHON=python3"]
    outer = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=outer)  # `make test` is a make, too
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_installs_what_it_needs_and_shows_it(tmp_path):
    """The tools of development take most of the time, and a minute without a word looks like a fault."""
    planned = commands("demo", tmp_path)
    assert "--editable '.[simulate]'" in planned and "[dev]" not in planned
    assert "Installing packages into" in planned and "--quiet" not in planned
    assert planned.index("command -v uv") < planned.index("-m pip install") < planned.index("sample_data/demo.py")


def test_where_the_demo_was_installed_the_tests_still_get_their_tools(tmp_path):
    """What the demo has installed is less than what they need."""
    (tmp_path / ".ready-for-demo").touch()
    assert commands("demo", tmp_path).splitlines() == [f"{tmp_path}/bin/python sample_data/demo.py"]
    assert "--editable '.[dev]'" in commands("lint", tmp_path)


def test_where_the_tools_are_installed_the_demo_installs_nothing(tmp_path):
    """More than what it needs is there."""
    (tmp_path / ".ready").touch()
    assert commands("demo", tmp_path).splitlines() == [f"{tmp_path}/bin/python sample_data/demo.py"]


def test_the_client_is_tested_with_every_minor_version_of_aiohttp(tmp_path):
    """From the lowest that is allowed to the one that is installed."""
    (loop,) = [line for line in commands("wire", tmp_path).splitlines() if line.startswith("for version in ")]
    tested = [Version(word) for word in loop.removeprefix("for version in ").partition(";")[0].split()]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (allowed,) = [r for r in map(Requirement, project["dependencies"]) if r.name == "aiohttp"]
    assert f">={tested[0]}" in str(allowed.specifier)
    assert Version(version("aiohttp")).minor == tested[-1].minor
    assert [each.minor for each in tested] == list(range(tested[0].minor, tested[-1].minor + 1))
    assert all(each in allowed.specifier for each in tested)
