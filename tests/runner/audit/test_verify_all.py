"""`regen verify --all`: one line a folder, in processes of their own, with the heads that were noted elsewhere."""

from __future__ import annotations

import json

import pytest

from runner.audit import verify_all as verify_all_module
from runner.audit.verify_all import folders_in, heads_in, verify_all
from runner.domain.errors import Refused


@pytest.fixture
def one_process(monkeypatch):
    """What is shown does not depend on the processes, which take long to start."""
    monkeypatch.setattr(verify_all_module, "FEWEST_FOR_PROCESSES", 100)


@pytest.fixture
def runs(regen, simulator, tmp_path):
    """Five finished runs: enough for several processes."""
    with simulator() as server:
        for number in range(5):
            (tmp_path / f"{number}.csv").write_text(f"invoiceNumber\nINV{number}\n")
            assert regen("run", f"{number}.csv", "--run-id", f"r{number}", "--base-url", server.url).code == 0
    return tmp_path / "runs"


def head_of(folder):
    return json.loads((folder / "run.json").read_bytes())["head"]


@pytest.mark.usefixtures("one_process")
def test_a_changed_folder_is_the_only_one_that_fails(regen, runs):
    """Exit 3, and the failing check is named."""
    assert regen("verify", "--all").code == 0
    (runs / "r3" / "results.csv").write_text("changed")
    done = regen("verify", "--all")
    assert done.code == 3
    (line,) = (line for line in done.out.splitlines() if line.startswith("FAILED"))
    assert line.startswith("FAILED  r3: seal, results")
    assert "5 verified, 1 failed" in done.out


@pytest.mark.usefixtures("one_process")
def test_heads_that_were_noted_elsewhere(regen, runs, tmp_path):
    """Another head fails its run; so does a run whose folder is gone."""
    heads = tmp_path / "heads.txt"
    heads.write_text("# noted each night\n" + "".join(f"r{n} {head_of(runs / f'r{n}')}\n" for n in range(5)))
    assert regen("verify", "--all", "--heads", heads).code == 0
    heads.write_text(f"r1,{'0' * 64}\nr9,{'1' * 64}\n")
    done = regen("verify", "--all", "--heads", heads, "--json")
    assert done.code == 3
    assert {run["run"]: run["failed"] for run in done.document if not run["holds"]} == {
        "r1": ["head"],
        "r9": ["missing"],
    }


def test_few_folders_are_verified_in_this_process(runs):
    """The same checks as in others."""
    alone = [(folder.run, [check.name for check in checks]) for folder, checks in verify_all(folders_in(runs)[:1], {})]
    several = [(folder.run, [check.name for check in checks]) for folder, checks in verify_all(folders_in(runs), {})]
    assert alone == several[:1]


@pytest.mark.parametrize("text", ["r1\n", "r1 a b\n", "r1 a\nr1 b\n"])
def test_a_file_of_heads_that_is_none(tmp_path, text):
    """Refused with its line."""
    path = tmp_path / "heads.txt"
    path.write_text(text)
    with pytest.raises(Refused, match="line"):
        heads_in(path)
