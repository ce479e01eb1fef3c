"""Querying the tenant of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runner.audit.test_tenant_query import CONFIG


@pytest.fixture
def manifest(tmp_path) -> Path:
    """Subscriptions and invoices; one whose answers are lost, one that never arrives."""
    (tmp_path / "regen.toml").write_text(CONFIG)
    rows = ["subscriptionName,subscriptionVersion,invoiceNumber", *(f"A-S{n:03d},1," for n in range(20))]
    rows += ["A-LOST,1,", "A-NEVER,1,", *(f",,INV{n:03d}" for n in range(20))]
    path = tmp_path / "m.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_other_credentials_are_another_tenant(tmp_path, regen, simulator, manifest, monkeypatch):
    """A run is compared with its own tenant alone."""
    with simulator(job_seconds=0) as server:
        regen("run", manifest, "--base-url", server.url, "--run-id", "it")
        monkeypatch.setenv("ZUORA_CLIENT_ID", "another")
        refused = regen("reconcile", "it", "--query")
    assert refused.code == 2
    assert "another tenant" in refused.err


def test_a_read_only_profile_may_not_ask(tmp_path, regen, simulator, manifest):
    """A data query changes nothing, but it is a POST."""
    with simulator(job_seconds=0) as server:
        regen("run", manifest, "--base-url", server.url, "--run-id", "it")
        (tmp_path / "regen.toml").write_text("default_profile = 'p'\n[profile.p]\nread_only = true\n")
        refused = regen("reconcile", "it", "--query")
        assert (refused.code, "read_only: a data query is a POST" in refused.err) == (2, True)
        assert regen("reconcile", "it").code == 0
