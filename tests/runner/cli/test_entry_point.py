"""Other packages of the same names on the path: named, before anything fails obscurely."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests import ROOT

START = ROOT / "runner/cli/entry_point.py"


@pytest.mark.parametrize(
    ("name", "file"),
    [("runner", "runner/__init__.py"), ("runner", "runner.py"), ("manifests", "manifests/__init__.py")],
)
def test_a_foreign_package_is_named(tmp_path, name, file):
    """Whichever of the two it is, package or module."""
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("raise SystemExit('the foreign package ran')\n")
    started = subprocess.run(
        [sys.executable, "-c", f"import runpy; runpy.run_path({str(START)!r})['main']()"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        cwd=tmp_path / "..",
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 2
    assert f"the package {name!r} that Python finds at {tmp_path}" in started.stderr


def test_ours_are_run(tmp_path):
    """From any folder."""
    command = f"import sys, runpy; sys.argv = ['regen', '--version']; runpy.run_path({str(START)!r})['main']()"
    started = subprocess.run(
        [sys.executable, "-c", command],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (started.returncode, started.stdout.split()[0]) == (0, "regen,")
