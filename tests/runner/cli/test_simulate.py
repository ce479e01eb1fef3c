"""`regen simulate` is a command like the others, with the simulator's own options."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request

import click

from runner.cli.simulate import simulate
from runner.simulator.server import PORT, parser
from tests import ROOT


def test_it_has_every_option_of_the_simulator(regen):
    """And its faults; also where something has looked at the command without the group before, as completion does."""
    with click.Context(simulate) as context:
        simulate.get_params(context)
    shown = regen("simulate", "--help").out
    own = {option for action in parser()._actions for option in action.option_strings}
    assert own <= set(re.findall(r"--?[a-z][a-z0-9-]*", shown))
    assert re.search(r"(?m)^  lost-answer  ", shown)
    headings = re.findall(r"(?m)^([A-Z][A-Za-z -]+):$", shown)
    assert headings[:3] == ["Where", "What goes wrong", "Keys and limits"]
    assert headings[-2:] == ["Options", "Faults"] and len(headings) == len(set(headings)) > 10


def test_options_reach_the_simulator():
    """Lists, flags, choices, zero and nothing; it serves until it is stopped."""
    words = ["--port", "0", "--fault", "locking=0.5", "--fault", "500=0.25", "--plain-429", "--tenant", "none"]
    words += ["--missing-prefix", ""]
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", "simulate", *words], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    url = process.stdout.readline().removeprefix("listening on ").strip()
    assert url != f"http://127.0.0.1:{PORT}"
    with urllib.request.urlopen(f"{url}/_sim/stats") as response:
        assert response.status == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.stdout.close()


def test_every_value_reaches_the_simulator(regen, monkeypatch):
    """Also zero, which is what is wanted of --port, and a text that is empty."""
    handed: list[str] = []
    monkeypatch.setattr("runner.simulator.server.main", lambda words: handed.extend(words) or 0)
    numbers = [action.option_strings[0] for action in parser()._actions if action.type in (int, float)]
    words = [f"{name}=0" for name in numbers]
    assert regen("simulate", *words, "--missing-prefix=").code == 0
    assert len(numbers) > 10
    assert {word.replace("=0.0", "=0") for word in handed} == {*words, "--missing-prefix="}


def test_what_cannot_be_is_refused(regen):
    """By click, or by the simulator itself."""
    assert regen("simulate", "--port", "x").code == 2
    assert regen("simulate", "--tenant", "mine").code == 2
    assert "lost-answer" in regen("simulate", "--fault", "no-such=1").err


def test_zero_is_a_value(regen, monkeypatch):
    """Of the port, of seconds, of arrivals: it is not the default."""
    seen: list[str] = []
    monkeypatch.setattr("runner.simulator.server.main", lambda words: seen.extend(words) or 0)
    assert regen("simulate", "--port", 0, "--job-seconds", 0, "--fault-arrivals", 0).code == 0
    assert {"--port=0", "--job-seconds=0.0", "--fault-arrivals=0"} <= set(seen)
