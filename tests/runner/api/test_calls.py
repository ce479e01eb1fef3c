"""The Python API against the simulator: in a script, a thread, a running loop, and where it must refuse."""

from __future__ import annotations

import ast
import asyncio
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

import runner
from tests import ROOT

SECRETS = {"client_id": "i", "client_secret": "s"}


@pytest.fixture
def manifest(tmp_path):
    """Six rows: one object is not there, one row repeats another."""
    path = tmp_path / "s.csv"
    names = ["A-S1", "A-S2", "MISSING-1", "A-S3", "A-S4", "A-S1"]
    path.write_text("subscriptionName,subscriptionVersion\n" + "".join(f"{name},1\n" for name in names))
    return path


@pytest.fixture
def options(tmp_path):
    """The options of every call here, but the base URL."""
    return {"runs_dir": tmp_path / "runs", **SECRETS}


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


def test_results_are_a_frame_with_types_that_can_miss_values(manifest, options, simulator):
    """One line per row; a missing HTTP status stays missing; lists are lists; also of a run that was only planned."""
    with simulator() as server:
        planned = runner.plan(manifest, base_url=server.url, **options)
        before = runner.results(planned)
        assert list(before["regen_state"]) == ["pending"] * 5 + ["duplicate"]
        run = runner.run(manifest, base_url=server.url, **options)
    frame = runner.results(run)
    assert list(frame["subscriptionName"])[:3] == ["A-S1", "A-S2", "MISSING-1"]
    assert isinstance(frame["regen_http_status"].dtype, pd.Int32Dtype)
    assert str(frame["regen_settled_at"].dt.tz) == "UTC"
    assert len(frame.loc[0, "regen_id_list"]) == frame.loc[0, "regen_id_count"]
    pd.testing.assert_frame_equal(runner.results(run.id, runs_dir=options["runs_dir"]), frame)


def test_a_budget_then_resume(manifest, options, simulator):
    """`max_requests` pauses; `resume` takes a Run, and progress is reported."""
    seen = []
    with simulator(latency=0.6) as server:
        run = runner.run(manifest, base_url=server.url, max_requests=2, concurrency=1, **options)
        assert (run.status, run.exit_code) == ("paused", 5)
        run = runner.resume(run, concurrency=1, progress=seen.append, **options)
        assert run.exit_code == 3
        assert server.arrivals() == 5
    assert seen
    assert all(set(counts) == {"sent", "succeeded", "failed", "unknown"} for counts in seen)


async def test_in_a_running_loop(manifest, options, simulator):
    """As in a notebook cell: the sync call works, the async one leaves the loop free."""
    with simulator(latency=0.1) as server:
        ticks = []

        async def tick():
            while True:
                ticks.append(1)
                await asyncio.sleep(0.01)

        ticking = asyncio.create_task(tick())
        run = await runner.arun(manifest, base_url=server.url, **options)
        ticking.cancel()
        assert run.exit_code == 3
        assert len(ticks) > 5
        assert runner.run(manifest, base_url=server.url, **options).id == run.id


async def test_a_cancelled_task_ends_the_run_in_good_order(manifest, options, simulator):
    """It is interrupted, sealed and resumable; nothing is sent twice."""
    with simulator(latency=0.4) as server:
        task = asyncio.create_task(runner.arun(manifest, base_url=server.url, concurrency=1, **options))
        while not server.arrivals():
            await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        (run,) = runner.runs(runs_dir=options["runs_dir"])
        assert run.status == "interrupted"
        assert (run.path / "SHA256SUMS").exists()
        assert (await runner.aresume("last", **options)).exit_code == 3
        assert max(identity["arrivals"] for identity in server.regenerations()) == 1


def test_in_a_thread(manifest, options, simulator):
    """As in an Airflow task: no handler of signals is installed, none is needed."""
    with simulator() as server, ThreadPoolExecutor(1) as pool:
        run = pool.submit(runner.run, manifest, base_url=server.url, **options).result(60)
    assert run.exit_code == 3
    assert threading.current_thread() is threading.main_thread()


@pytest.mark.parametrize(
    ("call", "files", "more", "error"),
    [
        ("plan", "none.csv", {}, runner.errors.Refused),
        ("plan", [], {}, runner.errors.Refused),
        ("plan", "s.csv", {"typ": "Invoice"}, TypeError),
        ("plan", "s.csv", {"max_requests": 3}, TypeError),
        ("run", "s.csv", {"until": "soon"}, runner.errors.Refused),
        ("run", "s.csv", {"max_failures": "many"}, runner.errors.Refused),
        ("run", "s.csv", {"format": "xls"}, runner.errors.Refused),
        ("run", "s.csv", {"base_url": "https://rest.zuora.com"}, runner.errors.Refused),
        ("resume", "nothing", {}, runner.errors.Refused),
    ],
)
def test_what_is_refused(manifest, options, monkeypatch, call, files, more, error):
    """An exception with the reason; nothing is sent, no question is asked."""
    monkeypatch.chdir(manifest.parent)
    with pytest.raises(error):
        getattr(runner, call)(files, **({"base_url": "http://127.0.0.1:1"} | options | more))


def test_packages_that_are_functions_too(tmp_path):
    """Whatever was imported first; and importing runner loads next to nothing."""
    program = (
        "import sys, runner; heavy = {'pandas', 'pyarrow', 'aiohttp', 'sqlite3'} & set(sys.modules); assert not heavy\n"
        "import runner.plan.planner, runner.results.writer, runner.runs.folder\n"
        "assert callable(runner.plan) and callable(runner.results) and callable(runner.runs)\n"
        f"assert runner.runs(runs_dir={str(tmp_path)!r}) == []\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


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
