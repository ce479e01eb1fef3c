"""Run folders: private, listed whatever else is beside them, whole under another name."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from runner.domain.errors import Refused
from runner.runs.folder import RunFolder, all_runs
from runner.runs.known_runs import known_runs
from tests.flows.test_flows import subscriptions
from tests.harness.program import table


def test_a_folder_that_was_made_beforehand_is_closed_to_others(tmp_path, regen):
    folder = tmp_path / "runs" / "it"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    manifest = subscriptions(tmp_path / "s.csv", 1)
    assert regen("plan", manifest, "--base-url", "http://127.0.0.1:1", "--run-id", "it").code == 0
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}


def test_a_planted_log_is_not_written_through(tmp_path, regen, simulator):
    folder, target = tmp_path / "runs" / "it", tmp_path / "precious"
    target.write_text("precious")
    folder.mkdir(parents=True)
    for name in (".run.json.new", "ledger.db.new", ".results.csv.new", ".SHA256SUMS.new", ".sends"):
        (folder / name).symlink_to(target)
    with simulator() as server:
        done = regen("run", subscriptions(tmp_path / "s.csv", 1), "--base-url", server.url, "--run-id", "it")
    assert done.code == 0
    assert target.read_text() == "precious"


def test_a_run_goes_on_and_verifies_under_another_name(tmp_path, regen, simulator):
    """--moved of a renamed folder: its results name the run, not the folder."""
    manifest = subscriptions(tmp_path / "s.csv", 4)
    with simulator() as server:
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "it", "--max-requests", 2).code == 5
        (tmp_path / "runs" / "it").rename(tmp_path / "runs" / "renamed")
        assert regen("resume", "renamed").code == 2
        assert regen("resume", "renamed", "--moved").code == 0
        assert server.arrivals() == 4
        assert all(len(identity["effects"]) == 1 for identity in server.regenerations())
    folder = tmp_path / "runs" / "renamed"
    assert {row["regen_run"] for row in table(folder)} == {"it"}
    for words in (("verify", "renamed"), ("reconcile", "renamed"), ("results", "renamed"), ("show", "renamed")):
        assert regen(*words).code == 0, words
    (again,) = (folder / "after").glob("*/results.csv")
    assert again.read_bytes() == (folder / "results.csv").read_bytes()
    assert regen("verify", "renamed").code == 0


def test_what_is_no_run_is_not_listed(tmp_path, regen):
    runs = tmp_path / "runs"
    for name in ("lost+found", ".pruned-it", "empty"):
        (runs / name).mkdir(parents=True)
    (runs / ".pruned-it" / "run.json").write_text("{}")
    (runs / "index.html").touch()
    assert all_runs(runs) == []
    assert regen("runs").code == 0


def test_a_folder_that_cannot_be_looked_into_stops_nothing(tmp_path, regen, simulator, monkeypatch):
    """As root's lost+found for every other user; root itself is told so by the system."""
    (tmp_path / "runs" / "lost+found").mkdir(parents=True)
    exists = type(tmp_path).exists

    def refusing(path, **options):
        if "lost+found" in path.parts and path.name != "lost+found":
            raise PermissionError(13, "Permission denied", str(path))
        return exists(path, **options)

    monkeypatch.setattr(type(tmp_path), "exists", refusing)
    with simulator() as server:
        manifest = subscriptions(tmp_path / "s.csv", 1)
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "it").code == 0
    assert [run.id for run in all_runs(tmp_path / "runs")] == ["it"]
    for words in (("runs",), ("show", "last"), ("prune", "--keep", "1h"), ("verify", "it")):
        assert regen(*words).code == 0, words


def test_a_runs_folder_that_cannot_be_listed_is_named(tmp_path, monkeypatch):
    def refusing(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refusing)
    for look in (all_runs, known_runs):
        with pytest.raises(Refused, match="--runs-dir"):
            list(look(tmp_path))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may be anybody")
def test_a_uid_without_name_and_home_runs_whole(tmp_path, simulator):
    """A container under an arbitrary uid: plan, send, look, verify."""
    manifest = subscriptions(tmp_path / "s.csv", 2)
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.geteuid() and parent.name.startswith("pytest"):
            parent.chmod(parent.stat().st_mode | 0o055)
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_STATE_HOME")}
    environment |= {"ZUORA_CLIENT_ID": "id", "ZUORA_CLIENT_SECRET": "secret", "TMPDIR": str(tmp_path)}

    def regen(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "runner", *words],
            env=environment | {"PYTHONPATH": os.getcwd()},  # noqa: PTH109 - for the child
            cwd=tmp_path,
            user=47_011,
            group=47_011,
            extra_groups=(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    with simulator() as server:
        try:
            done = regen("run", str(manifest), "--base-url", server.url, "--run-id", "it", "--yes")
        except PermissionError:
            pytest.skip("the interpreter is in a folder that is closed to others")
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    for words in (("show", "it"), ("verify", "it"), ("runs",)):
        assert regen(*words).returncode == 0, words
    assert RunFolder(tmp_path / "runs" / "it").sealed
