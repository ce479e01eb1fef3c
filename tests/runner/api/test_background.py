"""Runs in notebooks: in a running loop, in a thread, cancelled."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import runner
from tests import ROOT


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


WORKER = """
import os, signal, sys
import runner

class TimedOut(Exception): pass

def time_out(*_): raise TimedOut

def end(counts):
    if counts["sent"]: os.kill(os.getpid(), signal.SIGTERM)

def task(**options):
    if pid := os.fork(): return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.setsid()
    signal.signal(signal.SIGTERM, time_out)
    try:
        secrets = dict(client_id="i", client_secret="s")
        run = runner.run(manifest, base_url=url, concurrency=1, runs_dir=runs, **secrets, **options)
        os._exit(10 * run.exit_code + len(runner.results(run)))
    except TimedOut:
        os._exit(98)

manifest, url, runs = sys.argv[1:]
runner.check(manifest)
print(task(progress=end), runner.runs(runs_dir=runs)[0].status, task(), runner.runs(runs_dir=runs)[0].status)
"""


@pytest.mark.skipif(os.name != "posix", reason="processes that fork")
def test_in_a_forked_worker_whose_handler_of_signals_raises(manifest, options, simulator):
    """As Airflow runs a task: in a fork of a process that has used the libraries; what ends it, ends the run in good
    order, and the next try continues it."""
    with simulator(latency=0.4) as server:
        command = [sys.executable, "-c", WORKER, str(manifest), server.url, str(options["runs_dir"])]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.stdout.split() == ["98", "interrupted", "36", "finished"], done.stderr
        assert max(identity["arrivals"] for identity in server.regenerations()) == 1
