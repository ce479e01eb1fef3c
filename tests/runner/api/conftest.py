"""Fixtures that tests of this package share."""

from __future__ import annotations

import pytest

SECRETS = {"client_id": "i", "client_secret": "s"}


@pytest.fixture
def manifest(tmp_path):
    """Six rows: one object is not there, one row repeats another."""
    path = tmp_path / "s.csv"
    names = ["A-S1", "A-S2", "MISSING-1", "A-S3", "A-S4", "A-S1"]
    path.write_text("subscriptionName,subscriptionVersion\n" + "".join(f"{name},1\n" for name in names))
    return path


@pytest.fixture
def options(tmp_path):
    """The options of every call here, but the base URL."""
    return {"runs_dir": tmp_path / "runs", **SECRETS}
