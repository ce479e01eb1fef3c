"""Pace and latencies of a run."""

from __future__ import annotations

import sqlite3

import pytest

from runner.ledger import open_read_only
from runner.results.report import render
from runner.results.report.statistics import course, latency
from runner.runs.run_json import document_of
from tests.runner.results.report.conftest import run_of_the_past
from tests.runner.results.report.test_page import tree


def test_the_course_folds_gaps_and_counts_everything(tmp_path):
    """Two stretches; the areas under the rate are all requests; never more under way than were sent."""
    with open_read_only(run_of_the_past(tmp_path / "ledger.db")) as store:
        pace, took = course(store), latency(store)
    assert pace is not None
    assert took is not None
    assert [round(stretch.end - stretch.begin) for stretch in pace.stretches] == [15, 16]
    count = 0.0
    for each, points in zip(pace.stretches, pace.rate.points, strict=True):
        ends = [begin for begin, _ in points[1:]] + [each.end]
        count += sum(value * (end - begin) for (begin, value), end in zip(points, ends, strict=True))
    assert round(count) == 300
    assert 1 <= pace.under_way.most <= 12
    assert sum(took.counts) == 300
    assert took.percentiles[100] == pytest.approx(940.0)


@pytest.mark.parametrize(("column", "days"), [("answered_at", -40), ("answered_at", 9000), ("sent_at", -9000)])
def test_a_clock_that_was_set_meanwhile(tmp_path, column, days):
    """There is a page, whatever the times: the run ends with it."""
    ledger = run_of_the_past(tmp_path / "ledger.db")
    base = sqlite3.connect(ledger)
    base.execute(f"UPDATE attempt SET {column} = {column} + ? WHERE request = 7", (days * 86_400 * 1_000_000,))
    base.execute("UPDATE outcome SET settled_at = settled_at - ? WHERE seq = 9", (40 * 86_400 * 1_000_000,))
    base.commit()
    base.close()
    with open_read_only(ledger) as store:
        tree(render(store, document_of(store)))


@pytest.mark.parametrize("days", [10, 300])
def test_a_run_that_went_on_much_later(tmp_path, days):
    """Its course is told as finely as that of a short one: no peak that was none."""
    ledger = run_of_the_past(tmp_path / "ledger.db")
    with open_read_only(ledger) as store:
        soon = course(store)
    later = days * 86_400 * 1_000_000
    base = sqlite3.connect(ledger)
    base.execute(
        "UPDATE attempt SET sent_at = sent_at + ?, answered_at = answered_at + ? WHERE request > 150", (later,) * 2
    )
    base.execute(
        "UPDATE outcome SET settled_at = settled_at + ? WHERE seq IN (SELECT outcome FROM request WHERE request > 150)",
        (later,),
    )
    base.commit()
    base.close()
    with open_read_only(ledger) as store:
        pace = course(store)
    assert soon is not None
    assert pace is not None
    assert [round(one.end - one.begin) for one in pace.stretches] == [15, 16]
    assert pace.rate.most == pytest.approx(soon.rate.most, rel=0.1)
    assert pace.under_way.most == pytest.approx(soon.under_way.most, abs=1)
