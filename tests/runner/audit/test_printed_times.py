"""Times are read in every form that tenants and exports print; what cannot be known is not guessed."""

from __future__ import annotations

import pandas as pd
import pytest

from runner.audit.printed_times import moments

MOMENT = 1_703_068_265  # 2023-12-20T10:31:05Z


@pytest.mark.parametrize(
    "text",
    [
        "2023-12-20T05:31:05-05:00",
        "2023-12-20 05:31:05.000 -05:00",
        "2023-12-20T05:31:05-0500",
        "2023-12-20T05:31:05-05",
        "2023-12-20T10:31:05.000Z",
        "2023-12-20 10:31:05.000 UTC",
        "2023-12-20 10:31:05 GMT",
        "2023-12-20 02:31:05.000 America/Los_Angeles",
        "2023-12-20 19:31:05.000000 Asia/Tokyo",
        "1703068265",
        "1703068265000",
        "1703068265000000",
    ],
)
def test_every_form_is_the_same_moment(text):
    """Beside another form in the same column, too."""
    times, readable = moments(pd.Series([text, "2023-12-20T10:31:05Z"]), zone=None)
    assert (times.tolist(), readable.tolist()) == ([MOMENT * 1_000_000] * 2, [True, True])


@pytest.mark.parametrize(
    "text", ["", None, "yesterday", "2023-12-20 02:31:05 Mars/Base", "99", "2023-11-05 01:30:00 US/Pacific"]
)
def test_what_is_no_certain_moment_is_not_read(text):
    """Nor is the hour that clocks show twice."""
    assert moments(pd.Series([text, "2023-12-20T10:31:05Z"]))[1].tolist() == [False, True]


@pytest.mark.parametrize("text", ["2023-12-20T05:31:05", "2023-12-20 05:31:05.000", "2023-12-20"])
def test_a_time_without_zone_is_utc_or_nothing(text):
    """In a file whose writer is unknown, or from a tenant, which prints the times of its own zone."""
    column = pd.Series([text, "2023-12-20T05:31:05Z"])
    assert moments(column)[1].tolist() == [True, True]
    assert moments(column, zone=None)[1].tolist() == [False, True]
