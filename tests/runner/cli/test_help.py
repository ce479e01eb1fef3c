"""The command `regen help`."""

from __future__ import annotations


def test_help_of_a_command_is_its_help(regen):
    """Also of a command within a command; topics first where both have a name."""
    assert regen("help", "run").out == regen("run", "--help").out
    assert regen("help", "jobs", "stop").out == regen("jobs", "stop", "--help").out
    assert "regen results --help" in regen("help", "results").out
    assert regen("help", "jobs", "start").code == 2
    assert "topics: manifest" in regen("help", "colour").err
