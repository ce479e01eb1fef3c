"""The shell completes commands, options, files, types, topics and run ids."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.shell_completion import BashComplete

from manifests import TYPES
from runner.cli import regen as group
from runner.cli.completion import SHELLS
from runner.cli.help import TOPICS
from tests import ROOT
from tests.flows.test_flows import one, subscriptions


def completed(words: list[str], prefix: str) -> list[tuple[str, str | None]]:
    items = BashComplete(group, {}, "regen", "_REGEN_COMPLETE").get_completions(words, prefix)
    return [(item.value, item.help) for item in items]


def test_runs_are_completed_with_their_status(tmp_path, regen, simulator):
    """Those of the folder that the command line names."""
    with simulator() as server:
        regen("run", subscriptions(tmp_path / "s.csv", 1), "--base-url", server.url)
    run = one(tmp_path / "runs").name
    assert completed(["show"], run[:4]) == [(run, "finished")]
    assert completed(["diff", run], "") == [(run, "finished")]
    assert completed(["run", "--retry-failed-from"], "") == [(run, "finished")]
    assert completed(["show"], "no-such") == []
    assert completed(["show", "--runs-dir", "elsewhere"], "") == []


def test_topics_types_and_options_are_completed():
    """And the names of commands after `help`."""
    assert {*TOPICS, *group.commands} == {value for value, _ in completed(["help"], "")}
    assert [value for value, _ in completed(["template"], "")] == list(TYPES)
    assert [value for value, _ in completed(["run", "x.csv", "--type"], "inv")] == ["Invoice", "InvoiceItemAdjustment"]
    assert ("--re-migrate", "Overwrite, and let Revenue collect again.") in completed(["run"], "--re")


@pytest.mark.parametrize("words", [["run"], ["plan", "--config"], ["reconcile", "RUN", "--against"], ["doctor"]])
def test_files_are_left_to_the_shell(words):
    """It knows its own file names best."""
    items = BashComplete(group, {}, "regen", "_REGEN_COMPLETE").get_completions(words, "x")
    assert [item.type for item in items] == ["file"]
    (folder,) = BashComplete(group, {}, "regen", "_REGEN_COMPLETE").get_completions(["runs", "--runs-dir"], "x")
    assert folder.type == "dir"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_for_a_shell(regen, shell):
    """Whole, on standard output."""
    done = regen("completion", shell)
    assert (done.code, f"_REGEN_COMPLETE={shell}_complete" in done.out) == (0, True)
    assert regen("completion", "tcsh").code == 2


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
def test_bash_takes_the_script(tmp_path):
    """What the README says to evaluate."""
    command = tmp_path / "regen"
    command.write_text(f"#!{sys.executable}\nfrom runner.cli import main\nmain()\n")
    command.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    script = 'eval "$(regen completion bash)" && complete -p regen'
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert "regen_completion" in done.stdout, done.stderr
