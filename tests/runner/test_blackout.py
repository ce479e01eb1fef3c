"""Blackout windows: told by the clock on the wall of their time zone, on every day of the year."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.blackout import Blackouts, parse

YEAR = (datetime(2026, 1, 1, tzinfo=UTC).timestamp(), datetime(2027, 1, 1, tzinfo=UTC).timestamp())


def at(text: str, zone: str = "America/New_York") -> float:
    """A moment, by the clock on the wall."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def test_closed_from_begin_to_end():
    """To the second; open just before and from the end on."""
    windows = Blackouts.parsed(["06:00-09:00 America/New_York"])
    end = at("2026-11-21 09:00")
    assert windows.closed_until(at("2026-11-21 05:59:59")) <= at("2026-11-21 05:59:59")
    assert windows.closed_until(at("2026-11-21 06:00")) == end
    assert windows.closed_until(at("2026-11-21 08:59:59")) == end
    assert windows.closed_until(end) <= end
    assert windows.next_begin(end) == at("2026-11-22 06:00")


def test_past_midnight():
    """A window that ends before it begins goes on into the next day."""
    windows = Blackouts.parsed(["22:30-02:00 Asia/Tokyo"])
    end = at("2026-11-22 02:00", "Asia/Tokyo")
    for moment in ("2026-11-21 22:30", "2026-11-21 23:59", "2026-11-22 00:00", "2026-11-22 01:59"):
        assert windows.closed_until(at(moment, "Asia/Tokyo")) == end
    assert windows.closed_until(at("2026-11-22 02:00", "Asia/Tokyo")) <= end


def test_windows_that_meet_are_one():
    """The run does not go on for an instant between two of them, in whatever zones they are told."""
    windows = Blackouts.parsed(["06:00-07:00 UTC", "08:00-09:30 Europe/Berlin"])
    assert windows.closed_until(at("2026-01-15 06:10", "UTC")) == at("2026-01-15 08:30", "UTC")


def test_clocks_that_change_never_make_a_window_shorter():
    """New York 2026: clocks go forward on March 8 at 2:00 and back on November 1 at 2:00."""
    windows = Blackouts.parsed(["01:30-02:30 America/New_York"])
    closed = windows.closed_until
    # back: 1:30 comes twice, and it is closed from the first to the end of the hour that follows the second
    first, second = at("2026-11-01 01:30"), at("2026-11-01 01:30") + 3600
    assert closed(first) == at("2026-11-01 02:30") == second + 3600
    assert closed(first + 1800) == second + 3600, "between the two it does not open"
    # forward: 2:30 is left out, and the window ends when the clocks that were not changed would say so
    assert closed(at("2026-03-08 01:45")) >= at("2026-03-08 01:30") + 3600
    assert closed(at("2026-03-08 04:00")) <= at("2026-03-08 04:00")


def test_a_begin_that_is_left_out():
    """A window from 2:30 is closed at the moment the clocks jump from 2:00 to 3:00."""
    windows = Blackouts.parsed(["02:30-04:00 America/New_York"])
    assert windows.closed_until(at("2026-03-08 03:00")) == at("2026-03-08 04:00")


@given(
    moment=st.floats(*YEAR),
    begin=st.times(),
    minutes=st.integers(1, 1439),
    zone=st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"]),
)
def test_whenever_the_wall_clock_is_in_the_window_it_is_closed(moment, begin, minutes, zone):
    """On every moment of a year; and when it is closed it opens within a day and an hour."""
    first = begin.hour * 60 + begin.minute
    last = (first + minutes) % 1440
    windows = Blackouts.parsed([f"{first // 60:02}:{first % 60:02}-{last // 60:02}:{last % 60:02} {zone}"])
    wall = datetime.fromtimestamp(moment, ZoneInfo(zone))
    now = wall.hour * 60 + wall.minute
    inside = first <= now < last if first < last else now >= first or now < last
    until = windows.closed_until(moment)
    assert until > moment or not inside
    assert until - moment <= 25 * 3600
    assert windows.closed_until(moment) == until
    if until > moment:
        assert windows.closed_until(until) <= until


def test_no_window_is_never_closed():
    """And is false."""
    assert Blackouts().closed_until(1.0) <= 1.0
    assert not Blackouts()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("6-9", "expected something like"),
        ("06:00-09:00", "expected something like"),
        ("25:00-26:00 UTC", "no time of day"),
        ("06:00-06:00 UTC", "all day or never"),
        ("06:00-09:00 America/Gotham", "no time zone 'America/Gotham'"),
        ("06:00-09:00 ../etc/passwd", "expected something like"),
        ("06:00-09:00 /etc/passwd", "no time zone"),
    ],
)
def test_what_is_no_window(text, told):
    """In words for the person."""
    with pytest.raises(ValueError, match=told):
        parse(text)


def test_midnight_as_an_end():
    """24:00 is the end of the day."""
    assert Blackouts.parsed(["22:00-24:00 UTC"]).closed_until(at("2026-05-05 23:00", "UTC")) == at("2026-05-06", "UTC")
