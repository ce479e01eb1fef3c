"""The processes of a fleet."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests import ROOT
from tests.flows.test_fleet import effects_by_object, write_fleet
from tests.harness.program import folders


def test_a_fleet_whose_driver_is_killed_leaves_no_process(simulator, tmp_path):
    """Linux ends the tenants with their parent, in good order; the same command goes on."""
    if sys.platform != "linux":
        pytest.skip("only Linux ends a child with its parent")
    with simulator(latency=0.05) as server:
        path = write_fleet(tmp_path, server.url, {"a": 60}, rate=20)
        words = [sys.executable, "-m", "runner", "fleet", str(path), "--config", str(tmp_path / "regen.toml")]
        environment = os.environ | {"ZUORA_CLIENT_ID": "i", "ZUORA_CLIENT_SECRET": "s", "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(words, cwd=tmp_path, env=environment) as process:
            until = time.monotonic() + 60
            while server.arrivals() < 5 and time.monotonic() < until:
                time.sleep(0.05)
            process.kill()
        (folder,) = folders(tmp_path / "runs/a")
        while json.loads((folder / "run.json").read_text())["status"] == "running" and time.monotonic() < until:
            time.sleep(0.1)
        assert json.loads((folder / "run.json").read_text())["status"] == "terminated"
        path.write_text(path.read_text().replace("rate = 20", "rate = 2000"))
        assert subprocess.run(words, cwd=tmp_path, env=environment, timeout=100).returncode == 0
        effects = effects_by_object(server)
    assert len(effects) == 60
    assert set(effects.values()) == {1}


def test_a_worker_that_dies(simulator, tmp_path, monkeypatch):
    """On a Dask cluster of processes: one is killed in the middle; its tenants go on elsewhere, nothing is doubled."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("ZUORA_CLIENT_ID", "i")
    monkeypatch.setenv("ZUORA_CLIENT_SECRET", "s")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with (
        simulator(latency=0.05, faults={"503": 0.05}) as server,
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1", silence_logs=50
        ) as cluster,
    ):
        path = write_fleet(tmp_path, server.url, {"a": 60, "b": 60, "c": 20}, rate=20)
        words = [sys.executable, "-m", "runner", "fleet", str(path), "--config", str(tmp_path / "regen.toml")]
        words += ["--scheduler", cluster.scheduler_address]
        with subprocess.Popen(words, cwd=tmp_path) as process:
            until = time.monotonic() + 60
            while server.arrivals() < 10 and time.monotonic() < until:
                time.sleep(0.05)
            os.kill(cluster.workers[0].pid, signal.SIGKILL)
            assert process.wait(100) == 0
        effects = effects_by_object(server)
    assert len(effects) == 140
    assert set(effects.values()) == {1}
