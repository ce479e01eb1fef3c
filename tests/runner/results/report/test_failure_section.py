"""Failures in the report."""

from __future__ import annotations

from runner.ledger import open_read_only
from runner.results.report import render
from runner.runs.run_json import document_of
from tests.runner.results.report.conftest import run_of_the_past
from tests.runner.results.report.test_page import named, texts, tree


def test_a_small_group_is_shown_whole_and_a_large_one_begun(tmp_path):
    """Twenty rows of a kind are all there; of more the rest is in errors.csv, which is linked."""
    for requests, more in ((400, 0), (520, 6)):
        with open_read_only(run_of_the_past(tmp_path / f"{requests}.db", requests)) as store:
            shown = render(store, document_of(store))
        assert shown.count("was not found</td>") == 20
        assert (f"… and {more} more rows, all in" in texts(shown)) == bool(more)
        assert bool(named(tree(shown), "a")) == bool(more)


def test_what_manifests_and_servers_say_stays_text(page):
    """`<script>` in a cell, markup in a message, in a path, in a reason."""
    assert "<script>" not in page
    assert "name = A-S, note = <script>alert(1)</script>" in texts(page)
    assert "No permission for <b>this</b> object" in texts(page)
    assert "throttled & <3>" in texts(page)


def test_a_message_that_all_rows_of_a_group_have_is_in_its_heading_alone(page):
    """As it was, not masked; where messages differ, each row has its own."""
    tables = {}
    for part in named(tree(page), "div"):
        heading = [one for one in part if one.tag.endswith("h4")]
        if heading:
            tables["".join(heading[0].itertext())] = ["".join(cell.itertext()) for cell in named(part, "th")]
    assert tables['1 rejected, rule-broken: "x" & <y>'] == ["row", "object", "cells"]
    assert tables["15 failed, not-found: 53100340 Subscription # was not found"] == [
        "row",
        "object",
        "message",
        "cells",
    ]
