"""Blackout windows: told by the clock on the wall of their time zone, on every day of the year."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.dispatch.circuit_breaker import Ending
from runner.dispatch.forecast import forecast
from runner.dispatch.quota import Quota
from runner.dispatch.run_limits import Terms
from runner.domain.blackout import Blackouts, parse
from runner.domain.errors import ExitCode
from runner.domain.run_status import RunStatus
from runner.ledger import open_read_only, queries
from tests.flows.test_flows import one, subscriptions
from tests.harness.program import csv_rows
from tests.harness.virtual import EPOCH, Tenant, enrolled, settle

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


@given(
    moment=st.floats(*YEAR),
    seconds=st.floats(0, 5 * 86_400),
    windows=st.lists(st.sampled_from(["06:00-09:00 UTC", "22:00-01:30 Asia/Tokyo", "08:30-10:00 UTC"]), max_size=3),
)
def test_work_that_rests_in_every_window(moment, seconds, windows):
    """From begin to end the open time is the work, to the second."""
    blackouts = Blackouts.parsed(windows)
    end = blackouts.end_of(seconds, moment)
    open_seconds, at = 0.0, moment
    while at < end:
        until = blackouts.closed_until(at)
        if until > at:
            at = until
            continue
        to = min(end, blackouts.next_begin(at) or end)
        open_seconds, at = open_seconds + to - at, to
    assert open_seconds == pytest.approx(seconds, abs=1e-3)


def test_a_forecast_counts_them():
    """The end moves, and it is said why."""
    result = forecast(3600, quota=Quota({}, 1.0), rate=1.0, concurrency=30)
    now = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)
    assert "until 2026-11-21 06:30" in result.lines(now)[0]
    lines = result.lines(now, None, Blackouts.parsed(["06:00-09:00 UTC"]))
    assert "until 2026-11-21 09:30" in lines[0]
    assert lines[1] == "of that time, 3 h are blackout (06:00-09:00 UTC)"


def test_no_window_is_never_closed():
    """And is false."""
    assert Blackouts().closed_until(1.0) <= 1.0
    assert not Blackouts()


@pytest.mark.parametrize(
    ("text", "message"),
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
def test_what_is_no_window(text, message):
    """In words for the person."""
    with pytest.raises(ValueError, match=message):
        parse(text)


def test_midnight_as_an_end():
    """24:00 is the end of the day."""
    assert Blackouts.parsed(["22:00-24:00 UTC"]).closed_until(at("2026-05-05 23:00", "UTC")) == at("2026-05-06", "UTC")


def window(begin: float, end: float) -> Blackouts:
    """A window by seconds since the begin of virtual time, which is a whole minute."""
    clock = [datetime.fromtimestamp(EPOCH + seconds, UTC).strftime("%H:%M") for seconds in (begin, end)]
    return Blackouts.parsed([f"{clock[0]}-{clock[1]} UTC"])


class TestARun:
    """It pauses gracefully and goes on by itself."""

    def test_nothing_is_sent_in_the_window_and_everything_after(self, tmp_path):
        """Once each; told once."""
        notes, tenant = [], Tenant()
        terms = Terms(blackouts=window(60, 660))
        path = enrolled(tmp_path / "l.db", 240)
        ending, after = settle(path, tenant, terms=terms, rate=2.0, note=lambda *event: notes.append(event))
        assert ending.status is RunStatus.FINISHED
        assert set(after.values()) == {"succeeded"}
        assert all(len(keys) == 1 for keys in tenant.arrivals.values())
        sent = [moment - EPOCH for moment in tenant.times]
        assert not [moment for moment in sent if 60 <= moment < 660]
        assert sum(moment < 60 for moment in sent) > 100
        (paused,) = [facts for name, facts in notes if name == "paused"]
        assert paused["reason"].startswith("blackout (")
        assert 590 < paused["seconds"] <= 600
        assert [name for name, _ in notes if "blackout" in name] == ["blackout-over"]

    def test_no_claim_is_open_through_it(self, tmp_path):
        """What waits is given back at the window's begin: a crash inside leaves nothing in doubt."""
        path, open_claims = enrolled(tmp_path / "l.db", 240), []

        def when(dispatch):
            def look():
                with open_read_only(path) as store:
                    open_claims.append(store.row("SELECT count(*) FROM attempt WHERE answered_at IS NULL"))

            asyncio.get_running_loop().call_later(300.0, look)

        settle(path, Tenant(), terms=Terms(blackouts=window(60, 660)), rate=2.0, when=when)
        assert open_claims == [(0,)]

    def test_a_run_that_begins_in_one_waits(self, tmp_path):
        tenant = Tenant()
        settle(enrolled(tmp_path / "l.db", 3), tenant, terms=Terms(blackouts=window(-600, 600)))
        assert min(tenant.times) - EPOCH == pytest.approx(600, abs=1.1)

    def test_a_deadline_inside_ends_the_run_at_once(self, tmp_path):
        """There is nothing to wait for."""
        tenant = Tenant()
        terms = Terms(blackouts=window(60, 3660), until=EPOCH + 1800)
        ending, after = settle(enrolled(tmp_path / "l.db", 240), tenant, terms=terms, rate=2.0)
        assert (ending.exit_code, "lasts beyond the deadline (--until)" in ending.reason) == (5, True)
        assert set(after.values()) == {"succeeded", "pending"}
        assert max(tenant.times) - EPOCH < 60

    def test_a_signal_ends_the_wait(self, tmp_path):
        def when(dispatch):
            ending = Ending(RunStatus.TERMINATED, ExitCode.TERMINATED, "terminated")
            asyncio.get_running_loop().call_later(30.0, dispatch.stop, ending)

        tenant = Tenant()
        terms = Terms(blackouts=window(-600, 80_000))
        ending, _ = settle(enrolled(tmp_path / "l.db", 3), tenant, terms=terms, when=when)
        assert (ending.status, tenant.times) == ("terminated", [])

    def test_it_is_no_part_of_an_outage(self, tmp_path):
        """The tenant is away before and shortly after the window: the patience with it is that of open time."""
        tenant = Tenant()
        tenant.script = lambda number, arrival: "ok" if tenant.times[-1] - EPOCH > 700 else "503"
        terms = Terms(blackouts=window(60, 660), outage_patience_seconds=300)
        ending, after = settle(enrolled(tmp_path / "l.db", 30), tenant, terms=terms)
        assert (ending.status, set(after.values())) == ("finished", {"succeeded"})

    def test_a_canary_goes_on_where_it_was(self, tmp_path):
        """It is not begun anew."""
        tenant = Tenant()
        terms, canary = Terms(blackouts=window(60, 660)), frozenset(range(1, 81))
        ending, _ = settle(enrolled(tmp_path / "l.db", 100), tenant, terms=terms, canary=canary, rate=1.0)
        assert (ending.status, len(tenant.times)) == ("finished", 80)


def test_the_whole_of_it(tmp_path, regen, simulator):
    """The plan says when it rests, the run why it ends, log and ledger keep it; the rest is resumed later."""
    now = datetime.now(UTC)
    closed = f"{now - timedelta(minutes=2):%H:%M}-{now + timedelta(hours=3):%H:%M} UTC"
    (tmp_path / "regen.toml").write_text(f"[profile.p]\nblackout = ['{closed}']\n[profile.open]\n")
    manifest = subscriptions(tmp_path / "s.csv", 3)
    until = (now + timedelta(hours=1)).astimezone()
    with simulator() as server:
        base = ("--base-url", server.url)
        planned = regen("plan", manifest, *base, "--profile", "p")
        assert f"blackout ({closed})" in planned.out
        done = regen("run", manifest, *base, "--profile", "p", "--until", f"{until:%H:%M}")
        assert (done.code, server.arrivals()) == (5, 0)
        reason = f"the blackout ({closed}) lasts beyond the deadline (--until)"
        assert f"stopping: {reason}" in done.err
        folder = one(tmp_path / "runs")
        assert reason in (folder / "run.log").read_text()
        with open_read_only(folder / "ledger.db") as store:
            assert [facts["reason"] for _, _, facts in queries.events(store, "stopping")] == [reason]
        assert f"paused: {reason}" in regen("show", folder.name).out
        assert regen("resume", folder.name, *base, "--profile", "open").code == 0
    assert {row["regen_state"] for row in csv_rows(folder / "results.csv")} == {"succeeded"}
