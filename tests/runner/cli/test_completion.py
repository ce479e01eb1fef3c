"""The shell completes commands, options, files, types, topics and run ids."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

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
    assert completed(["resume"], "la") == [("last", "the run that was started last")]
    assert completed(["show"], "no-such") == []
    assert completed(["show", "--runs-dir", "elsewhere"], "") == []


def test_profiles_are_completed(tmp_path, monkeypatch):
    """Of the file in force; nothing where it cannot be read."""
    monkeypatch.chdir(tmp_path)
    assert completed(["run", "--profile"], "") == []
    (tmp_path / "regen.toml").write_text("[profile.north]\n[profile.south]\n")
    (tmp_path / "broken.toml").write_text("[profile")
    assert [value for value, _ in completed(["run", "--profile"], "n")] == ["north"]
    assert completed(["run", "--config", "broken.toml", "--profile"], "") == []


def test_topics_types_and_options_are_completed():
    """And the names of commands after `help`."""
    assert {*TOPICS, *group.commands} == {value for value, _ in completed(["help"], "")}
    assert [value for value, _ in completed(["template"], "")] == list(TYPES)
    assert [value for value, _ in completed(["run", "x.csv", "--type"], "inv")] == ["Invoice", "InvoiceItemAdjustment"]
    assert [value for value, _ in completed(["backfill"], "rate")] == ["RatePlanCharge"]
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


def typed(shell: str, script: str, folder: Path) -> str:
    """What a shell prints in which `regen` is this program."""
    command = folder / "regen"
    command.write_text(f"#!{sys.executable}\nfrom runner.cli import main\nmain()\n")
    command.chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([shell, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
def test_bash_completes(tmp_path):
    """As the README says, and what its function is called with."""
    words = 'COMP_WORDS=(regen run --format p) COMP_CWORD=3; _regen_completion regen p --format; echo "${COMPREPLY[*]}"'
    out = typed("bash", f'eval "$(regen completion bash)" && complete -p regen && {words}', tmp_path)
    assert re.fullmatch(r"complete .*-F _regen_completion regen\nparquet\n", out), out


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh here")
def test_zsh_completes(tmp_path):
    """The function is registered, and offers what it is made for."""
    begin = 'autoload -Uz compinit; compinit -u -D; eval "$(regen completion zsh)"; print $_comps[regen]'
    stand_in = "compadd() { print -r -- $completions }; words=(regen run --format p) CURRENT=4; _regen_completion"
    assert typed("zsh", f"{begin}; {stand_in}", tmp_path) == "_regen_completion\nparquet\n"
