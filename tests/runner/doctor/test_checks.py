"""`regen doctor`: each thing that can be wrong is found, and told with its remedy; nothing is sent to find it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from runner.doctor.storage import BYTES_A_ROW, CELL_COPIES, ground
from runner.system.filesystem import kind_of_disk
from tests.flows.test_flows import one, subscriptions
from tests.harness.imposter import GRANTED, imposter
from tests.harness.program import Done


def levels(done: Done) -> dict[str, str]:
    """The findings of `doctor --json`: name → level."""
    return {finding["name"]: finding["level"] for finding in done.document["findings"]}


def line_of(done: Done, name: str) -> str:
    """What was told of a finding, and its remedy."""
    return next(f"{one['told']} → {one['remedy']}" for one in done.document["findings"] if one["name"] == name)


def test_a_config_that_cannot_serve(tmp_path, regen):
    """The folder is looked at all the same."""
    (tmp_path / "regen.toml").write_text("[profile.p]\nbase_ulr = 'x'\n")
    done = regen("doctor", "--json")
    assert (done.code, levels(done)["config"]) == (2, "fail")
    assert "did you mean `base_url`" in line_of(done, "config")
    (tmp_path / "regen.toml").unlink()
    done = regen("doctor", "--json")
    assert levels(done)["config"] == "fail"
    assert levels(done)["runs-folder"] == "ok"


def test_a_blackout_is_reported(tmp_path, regen):
    """Open or closed."""
    windows = "['00:00-23:59 UTC', '23:59-00:00 UTC']"
    (tmp_path / "regen.toml").write_text(f"[profile.p]\nblackout = {windows}\n")
    with imposter() as server:
        done = regen("doctor", "--base-url", server.url, "--profile", "p", "--json")
    assert levels(done)["blackout"] == "warn"


def test_a_manifest_that_cannot_be_read(tmp_path, regen):
    """Named, with its line."""
    (tmp_path / "bad.csv").write_text("subscriptionId,subscriptionId\n1,2\n")
    with imposter() as server:
        done = regen("doctor", "bad.csv", "--base-url", server.url, "--json")
    assert (done.code, levels(done)["manifests"]) == (2, "fail")
    assert "bad.csv" in line_of(done, "manifests")


class TestGround:
    """The folder, its disk and the space."""

    @pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
    def test_a_folder_that_cannot_be_written(self, tmp_path):
        tmp_path.chmod(0o500)
        assert next(iter(ground(tmp_path / "runs"))).level == "fail"
        tmp_path.chmod(0o700)

    def test_a_file_instead_of_a_folder(self, tmp_path):
        (tmp_path / "runs").write_text("")
        (finding,) = [each for each in ground(tmp_path / "runs") if each.name == "runs-folder"]
        assert (finding.level, "is not a folder" in finding.message) == ("fail", True)

    def test_no_space(self, tmp_path):
        free = shutil.disk_usage(tmp_path).free
        levels = {
            rows: next(f.level for f in ground(tmp_path, rows=rows) if f.name == "space")
            for rows in (1, int(free / BYTES_A_ROW * 0.75), int(free / BYTES_A_ROW * 2))
        }
        assert list(levels.values()) == ["ok", "warn", "fail"]

    def test_the_forecast_covers_what_a_run_takes(self, tmp_path, regen, simulator):
        """A finished run, its ledger counted twice: for its log."""
        manifest = subscriptions(tmp_path / "s.csv", 600)
        with simulator() as server:
            assert regen("run", manifest, "--base-url", server.url, "--quiet").code == 0
        folder = one(tmp_path / "runs")
        taken = sum(path.stat().st_size for path in folder.iterdir()) + (folder / "ledger.db").stat().st_size
        assert taken < 600 * BYTES_A_ROW + manifest.stat().st_size * CELL_COPIES

    MOUNTS = """22 1 8:1 / / rw - ext4 /dev/sda1 rw
23 22 0:50 / /net/share\\040one rw - nfs4 server:/x rw
24 22 0:51 / /mnt/home rw - fuse.sshfs me@there: rw
25 22 0:52 / /mnt/c rw - 9p drvfs rw
26 22 0:53 / /run rw - tmpfs tmpfs rw
27 26 0:54 / /run rw shared:1 - cifs //server/run rw
no such line
"""

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("/home/me", "ext4"),
            ("/net/share one/runs", "nfs4"),
            ("/mnt/home/runs", "fuse.sshfs"),
            ("/mnt/c/x", "9p"),
            ("/mnt/city", "ext4"),
            ("/run/x", "cifs"),
        ],
    )
    @pytest.mark.skipif(sys.platform == "win32", reason="other paths")
    def test_the_kind_of_disk(self, tmp_path, path, kind):
        """The innermost mount, and of two at one place the one on top."""
        mounts = tmp_path / "mountinfo"
        mounts.write_text(self.MOUNTS)
        assert kind_of_disk(Path(path), mounts) == kind


def test_a_plan_on_a_network_disk_says_so(tmp_path, regen, monkeypatch):
    """Where somebody plans who never asked the doctor."""
    monkeypatch.setattr("runner.cli.plan_text.kind_of_disk", lambda folder: "nfs4")
    planned = regen("plan", subscriptions(tmp_path / "s.csv", 1), "--base-url", "http://127.0.0.1:9")
    assert "is on a network disk (nfs4), where a ledger can be damaged: see `regen doctor`" in planned.out


def test_the_token_is_shown_nowhere(regen):
    """Nor is the secret."""
    with imposter() as server:
        done = regen("doctor", "--base-url", server.url)
    assert GRANTED["access_token"] not in done.out + done.err
