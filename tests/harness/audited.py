"""A run for auditors: killed, stopped and resumed amid faults, with rows of every fate but pending."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from runner import cli
from runner.audit.reconcile import reconcile
from runner.audit.verify import verify
from runner.ledger import open_read_only
from runner.runs.folder import RunFolder
from runner.simulator import Options, serving_in_thread
from tests.harness.forks import ended
from tests.harness.kills import environment_killed_at

FAULTS = {"locking": 0.2, "503": 0.1, "lost-answer": 0.1}
RULES = {"A-SILENT": "lost-answer", "A-BROKEN": "internal"}
CONFIG = """
default_profile = "quick"
[profile.quick.patience]
attempts = 4
base_seconds = 0.01
"""
NAME = "it"


def manifest(path: Path) -> Path:
    """40 subscriptions that get through, and one row or two of every other fate."""
    rows = [f"A-S{n:03d},{n % 3 + 1},note {n}" for n in range(40)]
    rows += ["MISSING-1,1,gone", "A-S003,1,again", "A-S004,one,bad", "MISSING-2,1,<script>alert(1)</script>"]
    rows += ["A-SILENT,1,unheard", "A-BROKEN,1,=1+1"]
    path.write_text("subscriptionName,subscriptionVersion,note\n" + "\n".join(rows) + "\n")
    return path


def command(*words: object) -> int:
    """Run a command in this process; its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["regen", *map(str, words)])
        with pytest.raises(SystemExit) as ending:
            cli.main()
    return int(ending.value.code or 0)


def killed(point: str, *words: object) -> int:
    """Run a command in a process that is killed at a recovery point; what became of it."""
    code, _ = ended(words, os.environ | environment_killed_at(point))
    return code


def made(base: Path) -> Path:
    """Make the run in `base`, killed, begun again, stopped after 20 requests, resumed; its folder."""
    (base / "regen.toml").write_text(CONFIG)
    rows = manifest(base / "m.csv")
    options = Options(faults=FAULTS, fault_rules=RULES, fault_arrivals=9, failure_depth=9, seed=5, retry_after=0)
    with pytest.MonkeyPatch.context() as patch, serving_in_thread(options) as serving:
        patch.chdir(base)
        patch.setenv("ZUORA_CLIENT_ID", "test-id")
        patch.setenv("ZUORA_CLIENT_SECRET", "test-secret")
        connection = ("--base-url", serving.url, "--quiet")
        words = ("run", rows.name, *connection, "--run-id", NAME, "--skip-rejected")
        assert killed("answered:8", *words) == -signal.SIGKILL
        assert command(*words, "--max-requests", 20) == 5
        assert command("resume", NAME, *connection) == 3
    return base / "runs" / NAME


def copied(folder: Path, target: Path) -> Path:
    """A copy of a run folder, with the manifest where it was, to be changed at will."""
    shutil.copytree(folder, target / "runs" / folder.name)
    shutil.copy(folder.parent.parent / "m.csv", target / "m.csv")
    return target / "runs" / folder.name


def broken(folder: Path) -> dict[str, tuple[str, ...]]:
    """The checks that fail on a finished run, by `reconcile` and by `verify`."""
    with open_read_only(folder / "ledger.db") as store:
        checks = [*reconcile(store, folder), *verify(RunFolder(folder))]
    return {check.name: check.failures for check in checks if not check.passed}
