"""Failures in groups, by their remedy."""

from __future__ import annotations

import pytest

from runner.ledger.queries import Trouble
from runner.results.failures import MOST_CLUSTERS, Remedy, clusters, remedy, shape
from runner.zuora.categories import CATEGORIES


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("Subscription A-S00000017 version 3 not found", "Subscription # version # not found"),
        ("Invoice 2c92a0fd5f0b7e4b015f1c2d3e4f5a6b is locked.", "Invoice # is locked."),
        ("Field \"Effective Date\" is wrong; see 'x'", "Field '…' is wrong; see '…'"),
        ("HTTP 503", "HTTP 503"),
        ("at 2026-11-21T07:53:11.789Z", "at #"),
        ("connect: nobody listens", "connect: nobody listens"),
        ("", ""),
    ],
)
def test_the_shape_of_a_message_masks_ids_and_numbers(message, masked):
    """And leaves the words, so that equal failures look equal."""
    assert shape(message) == masked


def test_every_category_has_a_remedy():
    """Data, permission, wait or vendor; by HTTP status where there is no category."""
    remedies = {category: remedy("failed", category, 200) for category in CATEGORIES}
    assert {category for category, one in remedies.items() if one is Remedy.PERMISSION} == {"10", "11"}
    assert {category for category, one in remedies.items() if one is Remedy.WAIT} == {"50", "61", "70"}
    assert {category for category, one in remedies.items() if one is Remedy.VENDOR} == {"60", "99"}
    statuses = {status: remedy("failed", None, status) for status in (None, 400, 401, 403, 404, 429, 500, 503)}
    assert [one.value for one in statuses.values()] == [
        "wait",
        "data",
        "permission",
        "permission",
        "data",
        "wait",
        "vendor",
        "wait",
    ]
    assert remedy("rejected", None, None) is Remedy.DATA
    assert remedy("unknown", "60", 200) is Remedy.WAIT


def test_clusters_are_bounded():
    """A tenant that words every failure in its own way does not fill the memory."""
    words = ["".join(chr(97 + int(digit)) for digit in f"{n:05d}") for n in range(2000)]
    grouped = clusters(Trouble(n, "failed", "40", "53100340", word, 200) for n, word in enumerate(words, 1))
    assert len(grouped) == MOST_CLUSTERS + 1
    assert sum(cluster.count for cluster in grouped) == 2000
