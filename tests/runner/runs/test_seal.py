"""The seal of a run folder."""

from __future__ import annotations

import pytest

from tests.runner.audit.test_verify import broken


def test_what_later_commands_write_does_not_break_the_seal(audited, regen):
    """It goes to after/, and the run still verifies."""
    assert regen("results", "it").code == 0
    assert list((audited / "after").glob("*/results.csv"))
    assert regen("verify", "it").code == 0


def test_a_run_that_is_not_over_has_no_seal_to_break(tmp_path, regen):
    """A plan verifies; a head cannot be compared with it."""
    (tmp_path / "m.csv").write_text("invoiceNumber\nINV1\n")
    assert regen("plan", tmp_path / "m.csv", "--base-url", "http://127.0.0.1:1", "--run-id", "it").code == 0
    assert regen("verify", "it").code == 0
    assert regen("verify", "it", "--head", "0" * 64).code == 3


@pytest.mark.parametrize("name", ["run.json", "results.csv", "run.log", "ledger.db"])
def test_a_file_that_is_gone_is_named(audited, regen, name):
    """Also the ledger itself."""
    (audited / name).unlink()
    done = regen("verify", "it")
    assert done.code == 3
    assert f"{name}: missing" in done.out


def test_a_file_that_came_is_named(audited):
    """Another results file; a journal that SQLite would play back."""
    (audited / "results-new.csv").write_text("x")
    (audited / "ledger.db-wal").write_bytes(b"")
    failures = broken(audited)["seal"]
    assert any("results-new.csv: added" in text for text in failures)
    assert any("ledger.db-wal" in text for text in failures)


def test_a_seal_that_is_gone(audited):
    """It was there when the run ended."""
    (audited / "SHA256SUMS").unlink()
    assert broken(audited)["seal"] == ("SHA256SUMS is missing",)
