"""Fleets: real processes, a real simulator, a real Dask cluster."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests import ROOT
from tests.harness import forks
from tests.harness.program import folders, table


def write_fleet(folder: Path, url: str, tenants: dict[str, int], **options) -> Path:
    """A fleet of tenants with so many rows each, all at one simulator."""
    config = "".join(f"[profile.{name}]\nbase_url = '{url}'\ntenant_id = '{name}'\n" for name in tenants)
    (folder / "regen.toml").write_text(config)
    for name, rows in tenants.items():
        (folder / f"{name}.csv").write_text("invoiceNumber\n" + "".join(f"INV-{name}-{n}\n" for n in range(rows)))
    words = "".join(f"{name} = {json.dumps(value)}, " for name, value in options.items()).rstrip(", ")
    entries = "".join(
        f"[[tenant]]\nprofile = '{name}'\nmanifests = ['{name}.csv']\noptions = {{ {words} }}\n" for name in tenants
    )
    path = folder / "fleet.toml"
    path.write_text(f"name = 'test'\ncommand = 'run'\nconcurrency = 3\n{entries}")
    return path


def effects_by_object(server) -> Counter[str]:
    """How often each document was regenerated."""
    return Counter(one["body"]["number"] for one in server.regenerations() for _ in one["effects"])


@pytest.mark.usefixtures("forked_tenants")
def test_one_tenant_never_stops_the_others(regen, simulator, tmp_path):
    """A broken manifest is refused, the others succeed; the gravest exit code; both reports name all."""
    with simulator() as server:
        path = write_fleet(tmp_path, server.url, {"a": 5, "b": 7, "c": 2})
        (tmp_path / "b.csv").write_text("nothing\nuseful\n")
        done = regen("fleet", path, "--config", tmp_path / "regen.toml")
    assert done.code == 2
    report = json.loads((tmp_path / "runs/fleet.json").read_text())
    assert {tenant["name"]: tenant["exit_code"] for tenant in report["tenants"]} == {"a": 0, "b": 2, "c": 0}
    assert (report["exit_code"], report["waiting"]) == (2, [])
    assert len(folders(tmp_path / "runs/a")) == 1
    page = (tmp_path / "runs/fleet.html").read_text()
    assert "2 of 3 tenants succeeded" in page
    assert "b.csv" in page, "the refusal's own words"


def test_a_terminated_fleet_goes_on_with_the_same_command(simulator, tmp_path):
    """SIGTERM ends every tenant gracefully; the same command sends the rest, and nothing twice."""
    with simulator(latency=0.05) as server:
        path = write_fleet(tmp_path, server.url, {"a": 80, "b": 80}, rate=20)
        words = ["fleet", str(path), "--config", str(tmp_path / "regen.toml")]
        environment = os.environ | {"ZUORA_CLIENT_ID": "i", "ZUORA_CLIENT_SECRET": "s", "PYTHONPATH": str(ROOT)}
        with forks.Popen(words, cwd=tmp_path, env=environment) as process:
            until = time.monotonic() + 60
            while server.arrivals() < 10 and time.monotonic() < until:
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 143
        sent = server.arrivals()
        assert 10 <= sent < 160
        text = path.read_text().replace("rate = 20", "rate = 2000")
        path.write_text(text)
        done = forks.run(words, cwd=tmp_path, env=environment)
        assert done.returncode == 0
        effects = effects_by_object(server)
    assert len(effects) == 160
    assert set(effects.values()) == {1}
    for name in "ab":
        (folder,) = folders(tmp_path / "runs" / name)
        assert {row["regen_state"] for row in table(folder)} == {"succeeded"}
