"""`regen history` over real runs: each question has the answer that the runs' own files give."""

from __future__ import annotations

import csv
import io

import pytest

from runner.domain.errors import Refused
from runner.history.questions import Filters
from tests.harness.program import table


def answer_of(done):
    assert done.code == 0, done.err
    return done.document


def test_one_object_over_all_runs(regen, runs):
    """By its name without a version; a row that repeats another is shown with the outcome of that one."""
    rows = answer_of(regen("history", "--object", "A-S2", "--json"))
    assert [(row["run"], row["mode"], row["outcome"]) for row in rows] == [
        ("first", "default", "failed"),
        ("second", "re-migrate", "succeeded"),
    ]
    assert len(answer_of(regen("history", "--object", "A-S1 v1", "--json"))) == 2
    assert answer_of(regen("history", "--object", "A-S", "--json")) == []


def test_an_object_that_succeeded_later_is_not_failing(regen, runs):
    """Failed in the first run, sent again in the second."""
    assert answer_of(regen("history", "--failing", "--json")) == []
    (row,) = answer_of(
        regen("history", "--sql", "SELECT count(*) AS n FROM rows WHERE regen_outcome = 'failed'", "--json")
    )
    assert row == {"n": 1}


def test_counts_add_up_to_the_results(regen, runs):
    """By month and by mode: every row of every results file once."""
    total = sum(len(table(runs / run)) for run in ("first", "second"))
    for question in (["--by", "month"], ["--by", "type"], ["--who"], []):
        assert sum(row["rows"] for row in answer_of(regen("history", *question, "--json"))) == total
    migrated = answer_of(regen("history", "--mode", "re-migrate", "--json"))
    assert [(row["run"], row["rows"]) for row in migrated] == [("second", 2)]


def test_what_is_not_included_is_named(regen, runs):
    """A run in CSV alone and one that was only planned."""
    done = regen("history")
    assert "third" in done.err
    assert "fourth" in done.err
    assert "first" in done.out


def test_csv_has_no_formula(regen, runs):
    """An object whose name would be one."""
    done = regen("history", "--object", "=1", "--csv")
    (row,) = csv.DictReader(io.StringIO(done.out))
    assert (row["run"], row["outcome"]) == ("second", "succeeded")
    columns = "SELECT regen_object FROM rows WHERE regen_run = 'second' ORDER BY 1"
    assert "\n'=1 v1\n" in regen("history", "--sql", columns, "--csv").out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--failing", "--unknown"], "one question"),
        (["--sql", "SELECT nothing FROM rows"], "the query failed"),
        (["--sql", "SELECT 1", "--mode", "default"], "do not apply to --sql"),
        (["--quarter", "2026-3"], "2026Q3"),
    ],
)
def test_what_cannot_be_answered_is_refused(regen, runs, words, reason):
    """Exit 2, with the remedy."""
    done = regen("history", *words)
    assert done.code == 2
    assert reason in done.err


@pytest.mark.parametrize(
    ("quarter", "bounds"),
    [
        ("2026Q1", ["2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"]),
        ("2026q3", ["2026-07-01T00:00:00Z", "2026-10-01T00:00:00Z"]),
        ("2026Q4", ["2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"]),
    ],
)
def test_a_quarter_ends_where_the_next_begins(quarter, bounds):
    """In UTC."""
    assert Filters(quarter=quarter).sql()[1] == bounds


def test_a_quarter_that_is_none():
    """Only four."""
    with pytest.raises(Refused, match="2026Q5"):
        Filters(quarter="2026Q5").sql()


def test_a_folder_without_runs(regen, tmp_path):
    """Said, with how to get there."""
    done = regen("history")
    assert done.code == 2
    assert "no run here has results in Parquet" in done.err
