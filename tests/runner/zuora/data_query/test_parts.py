"""Queries in parts: together they ask for every row once, whatever is halved."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.zuora.data_query.job import QueryFailedError
from runner.zuora.data_query.parts import SECOND, Texts, TimeWindow, answer_all, windows


@given(st.integers(0, 10**16), st.integers(1, 10**12), st.integers(0, 10**7))
def test_windows_cover_the_time_without_gap_or_overlap(since, length, rows):
    """Of whole seconds, in order."""
    parts = windows("SELECT id FROM t", since, since + length, rows, 500_000)
    assert parts[0].since <= since
    assert parts[-1].until >= since + length
    assert all(before.until == after.since for before, after in pairwise(parts))
    assert all(window.since < window.until for window in parts)
    assert all(bound % SECOND == 0 for window in parts for bound in (window.since, window.until))


def test_a_window_is_halved_down_to_a_second():
    """Then no further."""
    first, second = TimeWindow("S", 0, 3 * SECOND).halves()
    assert (first.until, second.since) == (SECOND, SECOND)
    assert TimeWindow("S", 0, SECOND).halves() == ()
    assert Texts("S", "id", ("a",)).halves() == ()
    assert [part.texts for part in Texts("S", "id", ("a", "b", "c")).halves()] == [("a",), ("b", "c")]


def test_a_reason_that_a_smaller_query_meets_too_ends_the_inquiry():
    """After one query, not after one a second."""
    queries = []

    async def answer(sql):
        queries.append(sql)
        raise QueryFailedError("Column x cannot be resolved", divisible=False)

    with pytest.raises(QueryFailedError, match="cannot be resolved"):
        asyncio.run(answer_all([TimeWindow("S", 0, 10**12)], answer))
    assert len(queries) == 1


def test_a_query_that_never_fits_ends_the_inquiry():
    """With its reason, after halving as often as possible."""
    queries = []

    async def answer(sql):
        queries.append(sql)
        raise QueryFailedError("too many rows", divisible=True)

    with pytest.raises(QueryFailedError, match="too many rows"):
        asyncio.run(answer_all([TimeWindow("S", 0, 64 * SECOND)], answer))
    assert len(queries) < 40


@pytest.mark.parametrize(("failures", "may_pass", "answered"), [(4, True, True), (9, True, False), (1, False, False)])
def test_a_part_that_cannot_be_halved_is_tried_again(failures, may_pass, answered):
    """Where the reason may pass, some times."""
    calls = []

    async def answer(sql):
        calls.append(sql)
        if len(calls) <= failures:
            raise QueryFailedError("no reason was stated", divisible=True, may_pass=may_pass)

    parts = [Texts("S", "id", ("a",))]
    if answered:
        asyncio.run(answer_all(parts, answer))
    else:
        with pytest.raises(QueryFailedError):
            asyncio.run(answer_all(parts, answer))
    assert len(calls) == (failures + 1 if answered else min(failures, 5))
