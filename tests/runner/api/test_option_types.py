"""What the keyword options of the Python API may hold."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args, get_origin

import click
import numpy as np
import pytest

from runner.api import calls
from runner.api.option_types import EXPECTED, checked
from runner.cli.run import run
from runner.domain.errors import Refused


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("re_migrate", "no", "re_migrate='no': give True or False"),
        ("only_resend", 1, "give True or False"),
        ("canary", 0, "canary=0: give a whole number from 1"),
        ("canary", True, "give a whole number from 1"),
        ("concurrency", "30", "give a whole number"),
        ("rate", "fast", "rate='fast': give a number"),
        ("outage_patience", -1, "give a number of minutes"),
        ("mode", "resend", "give one of 'default', 'only-resend', 're-migrate'"),
        ("runs_dir", 3, "runs_dir=3: give a path"),
        ("max_failures", 2.5, "give a number of requests, or a percentage"),
        ("until", 5, "give 'HH:MM' or a datetime"),
        ("client_secret", 12345, "client_secret=int: give a text"),
    ],
)
def test_values_of_another_kind_are_refused(name, value, words):
    with pytest.raises(Refused) as refused:
        checked(name, value)
    assert words in str(refused.value)
    assert "12345" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "plain"),
    [
        ("canary", np.int64(3), 3),
        ("rate", 5, 5.0),
        ("literal", np.bool_(True), True),
        ("runs_dir", Path("runs"), "runs"),
        ("max_failures", 3, 3),
        ("max_failures", "5%", "5%"),
        ("tenant", "none", "none"),
        ("tenant", None, None),
    ],
)
def test_values_become_plain(name, value, plain):
    result = checked(name, value)
    assert result == plain
    assert type(result) is type(plain)


def test_every_option_is_checked_and_has_the_choices_of_the_command_line():
    taken = {*calls._PLAN, *calls._SEND} - {"progress"}
    assert taken == EXPECTED.keys()
    named = {parameter.opts[0][2:].replace("-", "_") for parameter in run.params if isinstance(parameter, click.Option)}
    assert named - {"json", "quiet", "verbose", "log_level", "dry_run"} <= taken
    choices = {
        parameter.name.rstrip("_"): tuple(parameter.type.choices)
        for parameter in run.params
        if isinstance(parameter.type, click.Choice) and parameter.expose_value
    }
    literals = {name: get_args(kind) for name, kind in EXPECTED.items() if get_origin(kind) is Literal}
    assert literals == choices
