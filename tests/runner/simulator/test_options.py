"""The options of the simulator's own command line."""

from __future__ import annotations

import json
import urllib.request

import pytest

from runner.simulator import Options, main
from tests.runner.simulator.test_server import program


def test_options_reach_the_simulator() -> None:
    """The command line is made out of the fields of `Options`."""
    words = ["--fault", "502=0.5", "--fault", "slow=0.1", "--fault-rule", "A=504", "--outage", "5-6", "--plain-429"]
    with program(*words, "--seed", "7", "--tenant", "production", "--quota-scale", "0.5") as (_, url):
        with urllib.request.urlopen(f"{url}/_sim/options") as answer:
            shown = json.load(answer)
        assert shown["faults"] == {"502": 0.5, "slow": 0.1}
        assert shown["fault_rules"] == {"A": "504"}
        assert shown["outage"] == [5, 6]
        assert (shown["seed"], shown["tenant"], shown["quota_scale"]) == (7, "production", 0.5)
        assert (shown["plain_429"], shown["fault_paths"]) == (True, ["/v1/"])


@pytest.mark.parametrize("words", [["--fault", "x=1"], ["--outage", "x"], ["--host", "0.0.0.0"], ["--latency", "-1"]])
def test_what_cannot_be_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 and one line that says why."""
    assert main(["--port", "0", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("simulator: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"query_faults": {"colour": 1}}, "query fault 'colour' is unknown"),
        ({"time_zone": "Mars/Olympus"}, "time zone 'Mars/Olympus' is unknown"),
        ({"id_style": "33"}, "id_style '33' is unknown"),
        ({"query_slots": 0}, "at least 1"),
        ({"templates": "x"}, "templates must be"),
        ({"denied_paths": "/v1"}, "denied_paths must be"),
        ({"closed_until": "soon"}, "closed_until"),
    ],
)
def test_options_of_the_tenant_that_cannot_be(options, reason):
    """In words for the person."""
    with pytest.raises(ValueError, match=reason):
        Options(**options)
