"""`regen show`, `regen runs`, `regen results --category`: what a person reads who must act."""

from __future__ import annotations


def test_failures_are_clustered_under_their_remedies(audited, regen):
    """With counts, sample rows and commands."""
    output = regen("show", "it").out
    assert "data, 3 rows" in output
    assert "2 failed, not-found: 53100340 Object not found (row 41, 44)" in output
    assert "1 rejected, subscription-version-not-an-integer" in output
    assert "regen results it --category data" in output
    assert "regen resume it" in output
    assert "regen show it --ticket" in output


def test_the_clusters_are_json_too(audited, regen):
    """And add up to the rows that need a person."""
    document = regen("show", "it", "--json").document
    counts = document["counts"]
    wrong = counts["failed"] + counts["unknown"] + counts["rejected"]
    assert sum(cluster["count"] for cluster in document["failures"]) == wrong
    assert {cluster["remedy"] for cluster in document["failures"]} == {"data", "wait", "vendor"}
