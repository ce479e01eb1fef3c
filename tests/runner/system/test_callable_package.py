"""Packages that are called like functions."""

from __future__ import annotations

import subprocess
import sys

from tests import ROOT


def test_packages_that_are_functions_too(tmp_path):
    """Whatever was imported first; and importing runner loads next to nothing."""
    program = (
        "import sys, runner; heavy = {'pandas', 'pyarrow', 'aiohttp', 'sqlite3'} & set(sys.modules); assert not heavy\n"
        "import runner.plan.planner, runner.results.writer, runner.runs.folder\n"
        "assert callable(runner.plan) and callable(runner.results) and callable(runner.runs)\n"
        f"assert runner.runs(runs_dir={str(tmp_path)!r}) == []\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
