"""The command `regen verify`."""

from __future__ import annotations

import subprocess

from tests.runner.audit.test_verify import broken, head_of


def test_a_run_verifies(audited, regen):
    """Exit 0, also against the head that was noted; sha256sum agrees."""
    assert broken(audited, head_of(audited)) == {}
    assert regen("verify", "it").code == 0
    done = regen("verify", audited, "--head", head_of(audited)[:20], "--json")
    assert (done.code, done.document["holds"]) == (0, True)
    assert subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=audited, check=False).returncode == 0


def test_an_abandoned_run_verifies(tmp_path, regen, simulator):
    """It was closed, too."""
    (tmp_path / "m.csv").write_text("invoiceNumber\nINV1\nINV2\n")
    with simulator() as server:
        base = ("--base-url", server.url, "--run-id", "it")
        assert regen("run", tmp_path / "m.csv", *base, "--max-requests", 1).code == 5
    assert regen("abandon", "it").code == 0
    assert regen("verify", "it").code == 0
