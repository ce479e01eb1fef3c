"""`python -m runner.simulator`: a program of its own, that imports nothing of the runner."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import runner.simulator
from runner.simulator import Options, serve, serving, serving_in_thread
from tests.runner.simulator.conftest import BOOKING, session, subscription

FOLDER = Path(runner.simulator.__file__).parent


@contextmanager
def program(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program, and its URL from its first line."""
    command = [sys.executable, "-m", "runner.simulator", "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            before, _, url = process.stdout.readline().strip().partition("listening on ")
            assert before == ""
            yield process, url
        finally:
            process.kill()


def post(url: str, body: bytes, headers: dict[str, str] | None = None) -> Any:
    """The JSON of one answer."""
    with urllib.request.urlopen(urllib.request.Request(url, body, headers or {})) as answer:
        return json.load(answer)


TOKEN = b"client_id=a&client_secret=b&grant_type=client_credentials"


def post_signed(url: str, path: str, body: dict[str, Any]) -> Any:
    """The JSON of the answer to a client that has a token."""
    headers = {"Authorization": f"Bearer {post(f'{url}/oauth/token', TOKEN)['access_token']}"}
    return post(url + path, json.dumps(body).encode(), {**headers, "Content-Type": "application/json"})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_listens_and_ends_in_good_order(number: signal.Signals, tmp_path, monkeypatch) -> None:
    """First line, then a signal, then exit code 0, nothing on stderr and no file in the temporary directory.

    A second signal changes nothing. The result files of data queries are the only files there, and not made before.
    """
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with program("--job-seconds", "0") as (process, url):
        assert url.startswith("http://127.0.0.1:")
        assert post(f"{url}/_sim/reset", b"") == {"reset": True}
        assert list(tmp_path.iterdir()) == []
        query = {"query": "SHOW TABLES", "outputFormat": "CSV", "compression": "NONE", "output": {"target": "S3"}}
        assert "dataFile" in post_signed(url, "/query/jobs", query)["data"]
        assert [len(list(folder.iterdir())) for folder in tmp_path.iterdir()] == [1]
        process.send_signal(number)
        process.send_signal(number)
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert list(tmp_path.iterdir()) == []


def test_state_survives_sigkill(tmp_path: Path) -> None:
    """What was answered is kept, whatever happens to the process."""
    state = ["--state", str(tmp_path / "state.db")]
    body = json.dumps(subscription()).encode()
    with program(*state) as (process, url):
        headers = {"Authorization": f"Bearer {post(f'{url}/oauth/token', TOKEN)['access_token']}"}
        headers["Idempotency-Key"] = "k"
        first = post(url + BOOKING, body, headers)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    with program(*state) as (_, url):
        assert post(url + BOOKING, body, headers) == first
        with urllib.request.urlopen(f"{url}/_sim/effects") as answer:
            assert json.load(answer)["effects"] == 1


async def test_other_machines_are_kept_out_unless_allowed() -> None:
    """Loopback only."""
    with pytest.raises(ValueError, match="other machines"):
        async with serving(host="0.0.0.0"):
            pass
    async with serving(host="0.0.0.0", allow_remote=True) as served:
        assert served.url.startswith("http://0.0.0.0:")


def test_a_thread_of_its_own() -> None:
    """For clients that block; it ends with the block."""
    with serving_in_thread(Options(missing_prefix="")) as served:
        assert post(f"{served.url}/_sim/reset", b"") == {"reset": True}
        assert served.simulator.world.options.missing_prefix == ""
    with pytest.raises(OSError, match="refused"):
        post(f"{served.url}/_sim/reset", b"")


async def test_serving_ends_when_it_is_cancelled() -> None:
    """As a coroutine in somebody else's loop, too."""
    urls: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.create_task(serve(Options(), port=0, on_ready=urls.put_nowait))
    url = await urls.get()
    async with session() as client:
        async with client.get(f"{url}/_sim/stats") as answer:
            assert answer.status == 200
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get(f"{url}/_sim/stats")


def test_it_shares_no_code_with_the_runner() -> None:
    """Not one import of ours outside the folder."""
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, path
                names = [node.module or ""]
            ours = {name for name in names if name.partition(".")[0] in ("runner", "manifests")}
            assert all(name.startswith("runner.simulator") or name == "runner" for name in ours), path
