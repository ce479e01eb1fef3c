"""What the verbs of the Makefile would do: `make -n` says it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

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
