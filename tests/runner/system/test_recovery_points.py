"""No environment variable ends the program: hooks come with the tests' own start-up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from runner.system import recovery_points
from tests import ROOT
from tests.harness.kills import environment_killed_at

REACH = "from runner.system.recovery_points import reach; [reach('claimed') for _ in range(3)]"


def exit_of(environment: dict[str, str]) -> int:
    return subprocess.run([sys.executable, "-c", REACH], env=os.environ | environment, check=False).returncode


@pytest.mark.parametrize("name", ["REGEN_FAIL_POINT", "REGEN_KILL_AT", "TEST_KILL_AT"])
def test_no_environment_variable_arms_the_shipped_program(name):
    """Neither the one of version 0.1.0 nor the one that the tests' start-up reads."""
    assert exit_of({name: "claimed:1", "PYTHONPATH": str(ROOT)}) == 0


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize(("point", "code"), [("claimed", -9), ("claimed:3", -9), ("claimed:4", 0), ("written", 0)])
def test_the_start_up_of_the_tests_kills_at_the_point(point, code):
    """A process dies when it reaches its own point for the n-th time, and at no other."""
    assert signal.SIGKILL == 9
    assert exit_of(environment_killed_at(point)) == code


def test_a_hook_is_installed_and_removed_by_code():
    """Tests within one process may watch the points."""
    reached: list[str] = []
    recovery_points.install(reached.append)
    try:
        recovery_points.reach("written")
    finally:
        recovery_points.install(None)
    recovery_points.reach("written")
    assert reached == ["written"]
