"""The command `regen journal-run`."""

from __future__ import annotations

from tests.harness.program import folders


def test_a_misspelt_run_is_refused(tmp_path, regen):
    """Nothing planned, nothing sent."""
    words = ("--period", "Nov-2026", "--entry-date", "2026-11-30", "--base-url", "http://127.0.0.1:1")
    refused = regen("journal-run", *words, "--transaction-type", "Invoice Itme")
    assert (refused.code, "did you mean 'Invoice Item'" in refused.err) == (2, True)
    assert not (tmp_path / "runs").exists() or not folders(tmp_path / "runs")
    assert regen("journal-run", *words[:2], "--entry-date", "30.11.", *words[4:]).code == 2
    assert regen("journal-run", "j.csv", *words).code == 2
