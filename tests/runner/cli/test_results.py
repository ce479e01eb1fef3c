"""The command `regen results`."""

from __future__ import annotations

import csv
from pathlib import Path

from runner.results.failures import Remedy
from runner.runs.folder import RunFolder


def test_errors_by_remedy_are_manifests(audited, regen):
    """One file a remedy, beside the seal; together the errors but the unknown ones, which are asked by resume."""
    files = {}
    for mender in Remedy:
        path = Path(regen("results", "it", "--category", mender).out.strip())
        assert path.parent.parent.name == "after"
        assert path.name == f"errors-{mender}.csv"
        with path.open(newline="") as file:
            files[mender] = [int(row["regen_line"]) for row in csv.DictReader(file)]
    with (audited / "errors.csv").open(newline="") as file:
        every = {int(row["regen_line"]) for row in csv.DictReader(file) if row["regen_state"] != "unknown"}
    assert sorted(row for rows in files.values() for row in rows) == sorted(every)
    assert files[Remedy.DATA] == [41, 43, 44]
    assert files[Remedy.PERMISSION] == []
    assert regen("verify", "it").code == 0


def test_files_of_a_run_that_goes_on_are_left_to_it(tmp_path, regen, simulator):
    """Who looks on gets files of his own, and what is sealed in the end is what the run wrote."""
    (tmp_path / "m.csv").write_text("invoiceNumber\nMISSING-1\nI-2\n")
    with simulator() as server:
        base = ("--base-url", server.url, "--run-id", "it")
        assert regen("run", "m.csv", *base, "--max-requests", 1, "--concurrency", 1).code == 5
        folder = RunFolder(tmp_path / "runs/it")
        folder.unseal()
        before = (folder.path / "results.csv").stat().st_mtime_ns
        with folder.lock():
            for words in (("results", "it"), ("results", "it", "--category", "data"), ("report", "it")):
                done = regen(*words)
                assert done.code == 0
                assert all("after" in Path(line).parts and Path(line).exists() for line in done.out.splitlines())
        assert (folder.path / "results.csv").stat().st_mtime_ns == before
        assert regen("resume", "it").code == 3
        assert regen("verify", "it").code == 0
