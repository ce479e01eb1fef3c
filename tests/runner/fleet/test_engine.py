"""The processes of a fleet."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import ROOT
from tests.flows.test_fleet import effects_by_object, write_fleet
from tests.harness import forks
from tests.harness.program import folders


def processes_of(folder: Path) -> set[int]:
    """The ids of the processes whose command line names a path in the folder."""
    ids = set()
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended in between
            if bytes(folder) in line.read_bytes():
                ids.add(int(line.parent.name))
    return ids


def wait_until(reached: Callable[[], bool]) -> None:
    """Wait at most a minute."""
    until = time.monotonic() + 60
    while not reached() and time.monotonic() < until:
        time.sleep(0.05)
    assert reached()


def test_a_fleet_whose_driver_is_killed_leaves_no_process(simulator, tmp_path):
    """Linux ends the tenants with their parent gracefully; the same command goes on."""
    if sys.platform != "linux":
        pytest.skip("only Linux ends a child with its parent")
    with simulator(latency=0.05) as server:
        path = write_fleet(tmp_path, server.url, {"a": 300}, rate=20)  # 15 s: it cannot end by itself before the kill
        words = ["fleet", str(path), "--config", str(tmp_path / "regen.toml")]
        environment = os.environ | {"ZUORA_CLIENT_ID": "i", "ZUORA_CLIENT_SECRET": "s", "PYTHONPATH": str(ROOT)}
        with forks.Popen(words, cwd=tmp_path, env=environment) as process:
            wait_until(lambda: server.arrivals() >= 5)
            assert len(processes_of(tmp_path)) == 1
            process.kill()
        wait_until(lambda: processes_of(tmp_path) == set())  # it holds the run until its end, after `terminated`
        (folder,) = folders(tmp_path / "runs/a")
        assert json.loads((folder / "run.json").read_text())["status"] == "terminated"
        path.write_text(path.read_text().replace("rate = 20", "rate = 2000"))
        assert forks.run(words, cwd=tmp_path, env=environment).returncode == 0
        effects = effects_by_object(server)
    assert len(effects) == 300
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
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=":0",
            host="127.0.0.1",
            silence_logs=50,
            local_directory=tmp_path,
        ) as cluster,
    ):
        path = write_fleet(tmp_path, server.url, {"a": 60, "b": 60}, rate=20)
        words = ["fleet", str(path), "--config", str(tmp_path / "regen.toml")]
        words += ["--scheduler", cluster.scheduler_address]
        with forks.Popen(words, cwd=tmp_path) as process:
            wait_until(lambda: server.arrivals() >= 10)
            os.kill(cluster.workers[0].pid, signal.SIGKILL)
            assert process.wait(100) == 0
        effects = effects_by_object(server)
    assert len(effects) == 120
    assert set(effects.values()) == {1}
