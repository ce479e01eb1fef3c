"""The command `regen help`."""

from __future__ import annotations

from runner.cli import regen as group
from runner.cli.help import TOPICS


def test_help_of_a_command_is_its_help(regen):
    """Also of a command within a command; topics first where both have a name."""
    assert regen("help", "run").out == regen("run", "--help").out
    assert regen("help", "jobs", "stop").out == regen("jobs", "stop", "--help").out
    for name in {*TOPICS} & {*group.commands}:
        assert f"regen {name} --help" in regen("help", name).out
    assert regen("help", "jobs", "start").code == 2
    assert "topics: manifest" in regen("help", "colour").err
