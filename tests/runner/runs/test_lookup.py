"""A run is named by its id, a unique beginning of it, its path, or `last`; what names none or several is refused."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from runner.cli import regen as regen_group
from runner.domain.errors import Refused
from runner.runs.lookup import find_remains, find_run
from tests.harness.program import simulated


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> Path:
    """Three run folders, of which only `nightly-b` has no ledger."""
    runs = tmp_path_factory.mktemp("runs")
    for name, file in (("nightly-a", "ledger.db"), ("nightly-b", "SHA256SUMS"), ("weekly", "ledger.db")):
        (runs / name).mkdir()
        (runs / name / file).touch()
    (runs / "nightly-empty").mkdir()
    (runs / ".locks").mkdir()
    return runs


@pytest.mark.parametrize("name", ["weekly", "w", "week", "weekly/"])
def test_a_unique_beginning_names_a_run(three, name):
    """The whole id, too."""
    assert find_run(three, name).id == "weekly"


def test_an_exact_id_wins_over_longer_ids(tmp_path):
    """`x` is not ambiguous beside `x-2`."""
    for name in ("x", "x-2", "last"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ledger.db").touch()
    assert find_run(tmp_path, "x").id == "x"
    assert find_run(tmp_path, "last").id == "last"


def test_only_what_has_a_ledger_counts_for_most_commands(three):
    """`verify` also finds a folder whose ledger is gone."""
    assert find_run(three, "nightly").id == "nightly-a"
    with pytest.raises(Refused, match=r"2 runs in .* begin with 'nightly': nightly-a, nightly-b; write more of the id"):
        find_remains(three, "nightly")


@pytest.mark.parametrize("name", ["", ".", "..", ".l", "../x", "nobody", "nightly-c", "*", "week/../weekly"])
def test_what_names_no_run_is_refused(three, name, tmp_path, monkeypatch):
    """Also what would leave the runs folder."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused):
        find_run(three, name)


def test_many_matches_are_counted(tmp_path):
    """Not all of them are printed."""
    for n in range(12):
        (tmp_path / f"n-{n:02}").mkdir()
        (tmp_path / f"n-{n:02}" / "ledger.db").touch()
    with pytest.raises(Refused, match=r"12 runs in .* n-04 and 7 more; write"):
        find_run(tmp_path, "n-")


def takers() -> Iterator[tuple[str, int]]:
    """Every command that takes a RUN, with the number of them: what completes run ids takes one."""
    for name, command in regen_group.commands.items():
        taken = [param for param in command.params if isinstance(param, click.Argument) and _is_run(param)]
        if taken and name != "recover":  # its run is at the remote, and no folder is here
            yield name, len(taken)


def _is_run(param: click.Argument) -> bool:
    return "run" in (param.name or "") or (param.metavar or "").strip("[]").startswith("RUN")


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> Path:
    """Two finished runs with results and a seal: weekly-a before weekly-b."""
    work = tmp_path_factory.mktemp("two")
    with pytest.MonkeyPatch.context() as patch, simulated() as server:
        patch.chdir(work)
        for name in ("ZUORA_CLIENT_ID", "ZUORA_CLIENT_SECRET"):
            patch.setenv(name, "test-secret")
        patch.setenv("HOME", str(work))
        (work / "s.csv").write_text("subscriptionName,subscriptionVersion\nA-1,1\n")
        for run in ("weekly-a", "weekly-b"):
            words = ["run", "s.csv", "--run-id", run, "--base-url", server.url, "--quiet", "--again"]
            assert not regen_group.main(words, standalone_mode=False)
    return work


def test_there_are_commands_that_take_a_run():
    """The list that the next test goes through is the program's own."""
    assert {name for name, _ in takers()} >= {
        *("resume", "abandon", "show", "results", "report", "verify", "reconcile", "diff")
    }


@pytest.mark.parametrize(("command", "number"), list(takers()))
def test_every_command_that_takes_a_run_takes_last_and_beginnings(two, regen, tmp_path, command, number):
    """It answers about that run, or refuses for a reason of its own; what names no run or several is refused alike."""
    shutil.copytree(two, tmp_path, dirs_exist_ok=True)
    for named in ("last", "weekly-b", "runs/weekly-b"):
        done = regen(command, *[named] * number)
        assert not re.search("there is no run|no such|begin with", done.err), (named, done.err)
        assert command == "resume" or "weekly-b" in done.out + done.err or number == 2
    several, none = regen(command, *["weekly"] * number), regen(command, *["nobody"] * number)
    assert (several.code, none.code) == (2, 2)
    assert "2 runs in runs begin with 'weekly': weekly-a, weekly-b; write more of the id" in several.err
    assert "there is no run 'nobody' in runs; `regen runs` lists them" in none.err


def test_last_is_the_run_that_was_started_last(regen, tmp_path):
    """By its start and not by its name; everywhere where a run is named."""
    (tmp_path / "s.csv").write_text("subscriptionName,subscriptionVersion\nA-1,1\n")
    assert regen("show", "last").code == 2
    with simulated() as server:
        to = ("--base-url", server.url)
        regen("run", "s.csv", "--run-id", "b-first", *to)
        regen("run", "s.csv", "--run-id", "a-second", "--again", *to)
        os.utime(tmp_path / "runs" / "b-first" / "run.json")
        assert "run a-second: finished" in regen("show", "last").out
        assert "run a-second: all" in regen("verify", "last").out
        assert "a-second" in regen("results", "last").out
        assert "a-second" in regen("report", "last").out
        assert "run a-second" in regen("reconcile", "last", "--query", *to).out
        assert regen("diff", "b", "last").code == 0
        assert "run a-second: finished" in regen("resume", "last", *to).out
        assert "run a-second is finished" in regen("abandon", "last").err


def test_a_folder_of_another_user_is_refused_by_name_and_passed_over_by_its_beginning(tmp_path, monkeypatch):
    """Not a fault of the program."""
    for name in ("n-mine", "n-theirs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ledger.db").touch()
    exists = Path.exists

    def closed(path: Path) -> bool:
        if "n-theirs" in str(path.parent):
            raise PermissionError(13, "Permission denied", str(path))
        return exists(path)

    monkeypatch.setattr(Path, "exists", closed)
    assert find_run(tmp_path, "n-").id == "n-mine"
    with pytest.raises(Refused, match="n-theirs: Permission denied; ask its owner"):
        find_run(tmp_path, "n-theirs")
