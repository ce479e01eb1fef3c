"""What the end of a run leaves in its folder."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess

import pytest

from runner.ledger import database, open_read_only
from runner.session import close
from tests.flows.test_flows import one, subscriptions


@pytest.mark.parametrize("reads", [False, True])
def test_somebody_has_the_ledger_open_when_the_run_ends(tmp_path, regen, simulator, monkeypatch, reads):
    """Open it may stay; in the middle of a query it holds up the seal, and `resume` makes up for it."""
    manifest, ledger = subscriptions(tmp_path / "s.csv", 5), tmp_path / "runs/it/ledger.db"
    opened = contextlib.ExitStack()
    write_views = close.write_views

    def opening(*arguments):
        other = opened.enter_context(open_read_only(ledger))
        query = other.rows("SELECT * FROM line")
        next(query)
        opened.callback(query.close)
        if not reads:
            query.close()
        write_views(*arguments)

    monkeypatch.setattr(close, "write_views", opening)
    monkeypatch.setattr(database, "OTHERS_SECONDS", 0.1)
    with simulator() as server:
        done = regen("run", manifest, "--base-url", server.url, "--run-id", "it")
    assert done.code == 0
    assert ("another program is reading" if reads else "another program has") in done.err
    assert (ledger.parent / "SHA256SUMS").exists() is not reads
    opened.close()
    monkeypatch.setattr(close, "write_views", write_views)
    with simulator():
        assert regen("verify", "it").code == 3
        assert regen("resume", "it").code == 0
    assert regen("verify", "it").code == 0


def test_the_run_folder_is_complete_and_sealed(tmp_path, regen, simulator):
    """Modes, files, run.json without secrets, checksums that any tool verifies."""
    manifest = subscriptions(tmp_path / "s.csv", 5)
    with simulator() as server:
        regen("run", manifest, "--base-url", server.url)
    folder = one(tmp_path / "runs")
    assert folder.stat().st_mode & 0o777 == 0o700
    names = {path.name for path in folder.iterdir()}
    assert {"run.json", "ledger.db", "results.parquet", "results.csv", "errors.csv", "run.log", "SHA256SUMS"} <= names
    assert not {name for name in names if name.endswith(("-wal", "-shm")) or name.startswith(".")}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir() if path.is_file())
    assert subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, check=False).returncode == 0
    document = json.loads((folder / "run.json").read_text())
    (recorded,) = document["steps"][0]["manifests"]
    assert recorded["sha256"] == hashlib.sha256(manifest.read_bytes()).hexdigest()
    assert (recorded["rows"], recorded["bytes"]) == (5, manifest.stat().st_size)
    assert document["exit_code"] == 0
    for path in folder.iterdir():
        assert b"test-secret" not in path.read_bytes()
    for line in (folder / "run.log").read_text().splitlines():
        assert {"at", "event"} <= json.loads(line).keys()
