"""Rejected rows, grouped by rule."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.flows.test_flows import one
from tests.harness.program import csv_rows, table


def test_one_problem_of_many_rows_is_one_line(regen):
    """With a count and the first rows, as the person's own program numbers them."""
    Path("m.csv").write_text("invoiceNumber\nINV-1\n" + "#N/A\n" * 200)
    done = regen("check", "m.csv")
    (line,) = [line for line in done.out.splitlines() if "#N/A" in line]
    assert (done.code, line.split(": ")[0]) == (2, "  m.csv, 200 rows (3, 4, 5, 6, 7 and 195 more)")
    assert "--skip-rejected" in done.out
    assert regen("check", "m.csv", "--skip-rejected").code == 0


def test_a_refused_manifest_names_every_problem_and_sends_nothing(tmp_path, regen, simulator):
    """errors.csv lists them; --skip-rejected sends the rest; a refusal blocks nothing."""
    manifest = tmp_path / "m.csv"
    manifest.write_text("subscriptionName,subscriptionVersion\nA-1,1\nA-2,one\nA-3,\nA-4,1.5\n")
    with simulator() as server:
        refused = regen("run", manifest, "--base-url", server.url)
        assert (refused.code, server.identities()) == (2, [])
        assert "m.csv, 2 rows (3, 5): subscription-version-not-an-integer" in refused.err
        folder = one(tmp_path / "runs")
        assert len(csv_rows(folder / "errors.csv")) == 3
        sent = regen("run", manifest, "--base-url", server.url, "--skip-rejected", "--json")
        assert (sent.code, server.arrivals()) == (3, 1)
    assert Counter(row["regen_state"] for row in table(folder)) == {"succeeded": 1, "rejected": 3}
