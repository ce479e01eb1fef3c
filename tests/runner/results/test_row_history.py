"""The story of one row."""

from __future__ import annotations

import re

from tests.harness.program import table


def test_the_story_of_a_row_by_number_by_key_and_by_track_id(audited, regen):
    """Every attempt, every wait and its reason."""
    row = next(row for row in table(audited) if row["regen_object"] == "A-BROKEN v1")
    by_row = regen("show", "it", "--row", row["regen_line"]).out
    assert by_row == regen("show", "it", "--key", row["regen_key"]).out
    assert by_row == regen("show", "it", "--key", row["regen_track_id"]).out
    assert len(re.findall(r"(?m)^  attempt ", by_row)) == row["regen_attempts"]
    assert len(re.findall(r"(?m)^  waited ", by_row)) == row["regen_attempts"] - 1
    story = regen("show", "it", "--row", row["regen_line"], "--json").document
    assert all("waited_seconds" in attempt for attempt in story["attempts"][1:])
    assert story["cells"]["note"] == "=1+1"


def test_a_key_that_is_none_and_a_key_of_nobody(audited, regen):
    """Both are refused in words."""
    assert "is not a key" in regen("show", "it", "--key", "regen1-x").err
    assert "no request" in regen("show", "it", "--key", f"regen1-{'0' * 40}-0").err


def test_a_row_that_no_run_can_have(audited, regen):
    """Refused, however large the number."""
    assert regen("show", "it", "--row", 10**30).code == 2


def test_an_odd_response_is_shown(tmp_path, regen, simulator):
    """What the server sent, as far as it was kept, beside the attempt."""
    (tmp_path / "regen.toml").write_text("[profile.p.patience]\nattempts = 1\nbase_seconds = 0.01\n")
    manifest = tmp_path / "i.csv"
    manifest.write_text("invoiceNumber\nINV1\n")
    with simulator(faults={"html-200": 1.0}) as server:
        regen("run", manifest, "--base-url", server.url, "--profile", "p", "--run-id", "it")
    assert "the response began: <html>" in regen("show", "it", "--row", 1).out
