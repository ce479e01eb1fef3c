"""The command `regen abandon`."""

from __future__ import annotations

import json

import pytest

from tests.flows.test_flows import subscriptions
from tests.runner.runs.test_evidence import TAMPERINGS, failing, tampered


@pytest.fixture
def paused(tmp_path, regen, simulator):
    """A run of five rows that was paused after three, and its tenant."""
    manifest = subscriptions(tmp_path / "m.csv", 5)
    with simulator() as server:
        base = ("--base-url", server.url, "--run-id", "it")
        assert regen("run", manifest, *base, "--max-requests", 3).code == 5
        yield tmp_path / "runs" / "it", server


def test_abandon_records_the_breach_and_every_later_verify_reports_it(paused, regen):
    run, _ = paused
    tampered(run, TAMPERINGS["a forged attempt"])
    assert regen("abandon", "it").code == 0
    for _ in range(2):
        (text,) = failing(run)["ending"]
        assert "ledger: ledger, attempts of the requests 1 to 999: changed" in text and "accepted by" in text
    document = json.loads((run / "run.json").read_text())
    assert document["breaches"][0]["check"] == "ledger"
