"""Processes of the program that begin as a fork of one that has imported it: most of what a start costs is paid once.

For tests whose subject is what a process leaves when it is killed or ends, not how it starts. Each command is a process
of its own, with its own environment, folder and streams; SIGKILL ends it as it ends any other.
"""

from __future__ import annotations

import atexit
import importlib
import importlib.util
import json
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests import ROOT
from tests.harness.kills import STARTUP

IMPORTED = ("runner.cli", "runner.cli.run", "runner.session.session", "runner.session.prepare", "aiohttp", "pandas")


def ended(words: Sequence[object], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command to its end; its exit code (negative: the signal that killed it) and its standard error."""
    if os.name != "posix":
        done = subprocess.run(
            [sys.executable, "-m", "runner", *map(str, words)],
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr
    server = _server()
    assert server.stdin is not None and server.stdout is not None
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as errors:
        order = {"words": list(map(str, words)), "environment": dict(environment), "errors": errors.name}
        server.stdin.write(json.dumps(order | {"folder": str(Path.cwd())}) + "\n")
        server.stdin.flush()
        return int(server.stdout.readline()), errors.read()


@cache
def _server() -> subprocess.Popen[str]:
    """One for this worker; it ends with it."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.harness.forks"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def close() -> None:
        with server:
            pass

    atexit.register(close)
    return server


def serve() -> None:
    """Fork for each line of standard input, and answer with the exit code."""
    for name in IMPORTED:
        importlib.import_module(name)
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            _become(json.loads(line))
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(order: dict[str, Any]) -> None:
    """Run the program as `python -m runner` does, and end."""
    code = 1
    try:
        nothing, errors = os.open(os.devnull, os.O_RDWR), os.open(order["errors"], os.O_WRONLY)
        for stream, file in ((0, nothing), (1, nothing), (2, errors)):
            os.dup2(file, stream)
        os.environ.clear()
        os.environ.update(order["environment"])
        os.chdir(order["folder"])
        if "TEST_KILL_AT" in os.environ:
            _install_kill()
        sys.argv = ["regen", *order["words"]]
        runpy.run_module("runner.__main__", run_name="__main__")
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:  # noqa: BLE001 - shown, as a process that starts shows it
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def _install_kill() -> None:
    """What `sitecustomize` does in a process that starts."""
    spec = importlib.util.spec_from_file_location("kill_at_startup", STARTUP / "sitecustomize.py")
    assert spec is not None and spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


if __name__ == "__main__":
    serve()
