"""From the rows of a manifest to requests."""

from __future__ import annotations

from tests.runner.runs.test_event_log import MANIFEST


def test_the_id_field_is_the_one_of_now(tmp_path, regen, simulator):
    """A plan that nothing was sent from follows the profile."""
    (tmp_path / "i.csv").write_text("invoiceId\nabc\n")
    with simulator() as server:
        base = ("--base-url", server.url, "--profile", "x")
        (tmp_path / "regen.toml").write_text("[profile.x]\n")
        assert '"id":"abc"' in regen("plan", "i.csv", *base).out
        (tmp_path / "regen.toml").write_text("[profile.x]\nbilling_id_field = 'documentId'\n")
        assert '"documentId":"abc"' in regen("plan", "i.csv", *base).out


def test_flags_that_an_operation_does_not_take_are_reported(tmp_path, regen):
    """Before anything is sent."""
    (tmp_path / "e.csv").write_text(MANIFEST)
    done = regen("plan", "e.csv", "--base-url", "http://127.0.0.1:1", "--re-migrate")
    warnings = [line.strip() for line in done.out.splitlines() if "reMigrate:" in line]
    assert warnings == [
        "2 daily-consumption rows go without reMigrate: the operation does not take it",
        "4 rev-rec-events rows go without reMigrate: the operation does not take it",
    ]
