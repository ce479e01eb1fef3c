"""What cannot be converted is refused, with what is expected."""

from __future__ import annotations

import time
from datetime import date

import click
import pytest

from runner.cli.param_types import day, failure_limit, local_time, minutes
from runner.dispatch.circuit_breaker import FailureLimit


def test_what_can_be_converted():
    """Times are the next occurrence; limits are counts or shares."""
    assert 0 <= local_time("23:59") - time.time() <= 86_400 + 3600
    assert failure_limit("7") == FailureLimit(count=7)
    assert failure_limit("5%") == FailureLimit(share=0.05)
    assert failure_limit("0") == FailureLimit(count=0)
    assert minutes("0.5") == 0.5
    assert day("2026-11-30") == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("convert", "text"),
    [
        *((local_time, text) for text in ("24:00", "6", "", "06:00:00", "noon")),
        *((failure_limit, text) for text in ("-1", "101%", "-1%", "%", "nan%", "x", "", "1.5")),
        *((minutes, text) for text in ("-1", "nan", "x", "")),
        *((day, text) for text in ("30.11.2026", "2026-02-30", "", "today")),
    ],
)
def test_what_cannot(convert, text):
    """Never a traceback."""
    with pytest.raises(click.BadParameter, match="expected"):
        convert(text)
