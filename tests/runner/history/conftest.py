"""A folder of four runs: two modes, a failing object that succeeds later, one without results in Parquet."""

from __future__ import annotations

import pytest

HEADER = "subscriptionName,subscriptionVersion,note\n"


@pytest.fixture
def runs(regen, simulator, tmp_path):
    """The runs folder, made by real runs against the simulator. A-S2 fails in the first, for it is not there."""
    (tmp_path / "first.csv").write_text(HEADER + "A-S1,1,x\nA-S2,1,y\nA-S1,1,again\n")
    (tmp_path / "second.csv").write_text(HEADER + "A-S2,1,y\n=1,1,formula\n")
    (tmp_path / "third.csv").write_text("invoiceNumber\nINV1\n")
    with simulator(missing_prefix="A-S2") as server:
        assert regen("run", "first.csv", "--run-id", "first", "--base-url", server.url).code == 3
    with simulator() as server:
        assert regen("run", "second.csv", "--run-id", "second", "--re-migrate", "--base-url", server.url).code == 0
        assert regen("run", "third.csv", "--run-id", "third", "--format", "csv", "--base-url", server.url).code == 0
        assert regen("plan", "third.csv", "--run-id", "fourth", "--base-url", server.url).code == 0
    return tmp_path / "runs"
