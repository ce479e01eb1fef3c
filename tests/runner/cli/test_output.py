"""What commands print."""

from __future__ import annotations

import os
import subprocess
import sys

from tests import ROOT
from tests.flows.test_flows import subscriptions


def test_nothing_is_printed_but_what_is_meant(tmp_path, simulator):
    """No complaint of the loop about a task that nobody waited for."""
    subscriptions(tmp_path / "s.csv", 3)
    with simulator() as server:
        words = [sys.executable, "-m", "runner", "run", "s.csv", "--base-url", server.url, "--quiet"]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "ZUORA_CLIENT_ID": "i", "ZUORA_CLIENT_SECRET": "s"}
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
