"""The Python API against the simulator: in a script, a thread, a running loop, and where it must refuse."""

from __future__ import annotations

import ast
import asyncio
import json
import subprocess
import sys
import time

import pytest

import runner
from tests import ROOT
from tests.documentation.documents import blocks, topic


def test_plan_then_run_then_the_same_once_more(manifest, options, simulator):
    """A plan sends nothing; a run sends it; the same call is the same run."""
    with simulator() as server:
        planned = runner.plan(manifest, base_url=server.url, **options)
        assert (planned.status, planned.counts["pending"], server.arrivals()) == ("planned", 5, 0)
        run = runner.run(manifest, base_url=server.url, **options)
        assert (run.id, run.status, run.exit_code) == (planned.id, "finished", 3)
        assert {state: run.counts[state] for state in ("rows", "succeeded", "failed", "duplicate")} == {
            "rows": 6, "succeeded": 4, "failed": 1, "duplicate": 1,
        }  # fmt: skip
        sent = server.arrivals()
        assert runner.run(manifest, base_url=server.url, **options).id == run.id
        assert server.arrivals() == sent
    assert [listed.id for listed in runner.runs(runs_dir=options["runs_dir"])] == [run.id]


def test_check_needs_nothing_but_the_files(manifest, tmp_path):
    """No tenant, no credentials, no folder; what is wrong is named."""
    good = runner.check(manifest)
    assert (good.rows, good.refused, good.types) == (6, False, {"Subscription": 6})
    bad = tmp_path / "bad.csv"
    bad.write_text("invoiceNumber\nINV1\n#N/A\n")
    examination = runner.check(bad)
    assert examination.refused
    assert "bad.csv" in examination.problems[0]
    assert not (tmp_path / "runs").exists()
    with pytest.raises(runner.errors.Refused):
        runner.check(bad, include_hidden=True, skip_hidden=True)


def test_the_example_of_the_topic_runs(tmp_path, monkeypatch, simulator, capsys):
    """As it stands there, in a folder with a profile of that name."""
    (example,) = blocks(topic("python"), "python")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscriptions.csv").write_text("subscriptionName,subscriptionVersion\nA-S1,1\nMISSING-2,1\n")
    monkeypatch.setenv("ZUORA_CLIENT_ID", "i")
    monkeypatch.setenv("ZUORA_CLIENT_SECRET", "s")
    with simulator() as server:
        (tmp_path / "regen.toml").write_text(f'[profile.sandbox]\nbase_url = "{server.url}"\n')
        exec(compile(example, "python.md", "exec"), {})
    first, *shown = capsys.readouterr().out.splitlines()
    assert "-subscriptions-" in first and "stopped 4" in first, "the canary of ten takes both rows, and one fails"
    assert "MISSING-2" in shown[-1]


async def test_the_notebook_runs(tmp_path, monkeypatch, simulator):
    """Every cell, one after the other, in one namespace and a running loop, as a kernel runs it."""
    (tmp_path / "subscriptions.csv").write_bytes((ROOT / "sample_data/subscriptions.csv").read_bytes())
    monkeypatch.chdir(tmp_path)
    notebook = json.loads((ROOT / "sample_data/regenerate.ipynb").read_text("utf-8"))
    names: dict[str, object] = {}
    with simulator() as server:
        for variable, value in {"BASE_URL": server.url, "CLIENT_ID": "i", "CLIENT_SECRET": "s"}.items():
            monkeypatch.setenv(f"ZUORA_{variable}", value)
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                code = compile("".join(cell["source"]), "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                result = eval(code, names)
                if asyncio.iscoroutine(result):
                    await result
    assert names["run"].exit_code == 0


KERNEL = """
import asyncio, runner
async def cell():
    secrets = dict(client_id="i", client_secret="s")
    await runner.arun({manifest!r}, base_url={url!r}, concurrency=1, runs_dir={runs!r}, **secrets)
asyncio.run(cell())
"""


def test_the_command_line_resumes_what_a_killed_kernel_began(manifest, options, simulator, regen, monkeypatch):
    """A notebook's process dies in the middle of a cell: `regen resume last` ends the run, nothing is sent anew."""
    runs = options["runs_dir"]
    with simulator(latency=0.4) as server:
        program = KERNEL.format(manifest=str(manifest), url=server.url, runs=str(runs))
        with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) as kernel:
            while server.arrivals() < 2:
                time.sleep(0.05)
            kernel.kill()
        monkeypatch.setenv("ZUORA_CLIENT_ID", "i")
        resumed = regen("resume", "last", "--runs-dir", runs, "--base-url", server.url)
        assert resumed.code == 3, resumed.err
        assert max(len(identity["effects"]) for identity in server.regenerations()) == 1
    (run,) = runner.runs(runs_dir=runs)
    assert run.counts["succeeded"] == 4
    assert set(runner.results(run)["regen_state"]) == {"succeeded", "failed", "duplicate"}
