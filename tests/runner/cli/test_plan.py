"""The command `regen plan`."""

from __future__ import annotations

import shutil

import pytest

from runner.ledger import Enrolment
from tests.flows.test_flows import one, subscriptions
from tests.harness.program import folders, table


def test_plan_sends_nothing_and_run_adopts_it(tmp_path, regen, simulator):
    """What is sent then is exactly what was planned."""
    manifest = subscriptions(tmp_path / "s.csv", 7)
    with simulator() as server:
        planned = regen("plan", manifest, "--base-url", server.url)
        assert (planned.code, server.identities()) == (0, [])
        assert "7 rows = 7 pending" in planned.out
        assert "POST" in planned.out
        assert regen("run", manifest, "--base-url", server.url).code == 0
    assert len(folders(tmp_path / "runs")) == 1


@pytest.mark.parametrize(
    ("error", "message"), [(MemoryError(), "out of memory"), (OSError(28, "No space left"), "No space")]
)
def test_a_plan_that_the_machine_cannot_make(tmp_path, regen, monkeypatch, error, message):
    """A sentence, exit 1, and no folder."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Enrolment, "alike", fail)
    done = regen("plan", subscriptions(tmp_path / "a.csv", 1), "--base-url", "http://127.0.0.1:1")
    assert (done.code, message in done.err) == (1, True)
    assert folders(tmp_path / "runs") == []


def test_a_plan_is_made_anew_for_other_wishes(tmp_path, regen, simulator):
    """Nothing was sent from it: what is said now counts, of rejected rows, formats and the file's place."""
    manifest = subscriptions(tmp_path / "s.csv", 2)
    manifest.write_text(manifest.read_text() + "A-S9,none,\n")
    copy = tmp_path / "elsewhere" / "s.csv"
    copy.parent.mkdir()
    shutil.copy(manifest, copy)
    with simulator() as server:
        base = ("--base-url", server.url)
        assert regen("plan", manifest, *base, "--skip-rejected", "--format", "csv").code == 0
        assert regen("run", manifest, *base).code == 2
        assert server.arrivals() == 0
        assert regen("plan", manifest, *base, "--skip-rejected", "--format", "csv").code == 0
        assert regen("run", copy, *base, "--skip-rejected").code == 3
    assert {row["regen_source"] for row in table(one(tmp_path / "runs"))} == {str(copy)}
