"""`regen find`: first to last, from results and from ledgers."""

from __future__ import annotations

import pytest


def test_the_whole_history_of_an_object(regen, runs):
    """Failed, then sent again in another mode."""
    done = regen("find", "A-S2")
    assert done.code == 0
    first, second = done.out.index("failed"), done.out.index("succeeded")
    assert first < second
    for part in (
        "run first, first.csv, row 2",
        "run second, second.csv, row 1",
        "(re-migrate)",
        "regen show second --row 1",
    ):
        assert part in done.out


def test_runs_without_results_are_read_from_their_ledger(regen, runs):
    """In CSV alone, and only planned."""
    rows = regen("find", "INV1", "--json").document
    assert [(row["run"], row["outcome"]) for row in rows] == [("third", "succeeded"), ("fourth", "pending")]


@pytest.mark.parametrize("name", ["A-S", "A-S2 v", "INV", "nothing"])
def test_an_object_that_no_run_has(regen, runs, name):
    """A part of a name is no name."""
    done = regen("find", name)
    assert done.code == 3
    assert "no run in this folder has a row about" in done.out


def test_results_that_are_damaged_are_named(regen, runs):
    """With their run and path; nothing is shown that could be taken for the whole history."""
    (runs / "second" / "results.parquet").write_bytes(b"PAR1, but nothing else")
    done = regen("find", "A-S2")
    assert done.code == 1
    assert "the results of run second cannot be read" in done.err
    assert "`regen verify second`" in done.err
    assert done.out == ""
