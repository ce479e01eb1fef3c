"""The command `regen report`."""

from __future__ import annotations

from pathlib import Path

from tests.runner.results.report.test_page import texts


def test_a_plan_has_a_report_too(tmp_path, regen):
    """There is nothing to draw yet."""
    (tmp_path / "m.csv").write_text("invoiceNumber\nINV1\n")
    regen("plan", tmp_path / "m.csv", "--base-url", "http://127.0.0.1:1", "--run-id", "it")
    path = Path(regen("report", "it").out.strip())
    assert path.name == "report.html"
    assert "1 row = 1 pending" in texts(path.read_text())


def test_every_run_ends_with_a_report_under_the_seal(audited, regen):
    """Beside the results; `regen report` makes it again, elsewhere, and the same."""
    again = Path(regen("report", "it").out.strip())
    assert again.parent.parent == Path("runs/it/after")
    assert again.read_bytes() == (audited / "report.html").read_bytes()
    assert "report.html" in (audited / "SHA256SUMS").read_text()
