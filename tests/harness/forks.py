"""Processes of the program that begin as a fork of one that has imported it: most of what a start costs is paid once.

For tests whose subject is what a process does, or leaves when it is killed, not how it starts. Each command is a
process of its own, with its own environment, folder and streams; its end is the interpreter's own, and SIGKILL ends it
as it ends any other. Where there is no fork, each begins from nothing.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import importlib.util
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests import ROOT
from tests.harness import forked
from tests.harness.kills import STARTUP

IMPORTED = (
    *("runner.cli", "runner.cli.run", "runner.cli.output", "runner.cli.plan_text", "runner.session.session"),
    *("runner.session.prepare", "runner.session.stages", "runner.results.writer", "manifests.validate", "aiohttp"),
)


def regen() -> list[str]:
    """The words that begin a command of the program in a shell or another process."""
    if os.name != "posix":
        return [sys.executable, "-m", "runner"]
    return [sys.executable, "-I", "-S", str(Path(forked.__file__)), _server()]


class Popen(subprocess.Popen[Any]):
    """`subprocess.Popen` of the program: the words after `regen`, and the streams, folder and environment as there.

    What subprocess does by a fork of this process and by waiting for a child is left to the server.
    """

    def __init__(self, words: Sequence[object], **options: Any) -> None:
        own = [sys.executable, "-m", "runner"] if os.name != "posix" else []
        super().__init__([*own, *map(str, words)], **options)

    if os.name == "posix":

        def _execute_child(self, words, _executable, _before, _close, _pass, cwd, env, *more):  # type: ignore[no-untyped-def, override]
            _, _, _, *pipes = more[:9]
            streams = {fd: own if own != -1 else fd for fd, own in enumerate((pipes[0], pipes[3], pipes[5]))}
            order = {"words": list(words), "folder": str(cwd or Path.cwd()), "environment": dict(env or os.environ)}
            self._begun = forked.begin(_server(), order, streams)
            self.pid, self._child_created = self._begun.pid, True
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

        def _try_wait(self, wait_flags: int) -> tuple[int, int]:
            status = self._begun.status(blocking=not wait_flags)
            return (0, 0) if status is None else (self.pid, status)

        def _internal_poll(self, *_: Any, **__: Any) -> int | None:
            if self.returncode is None and (status := self._begun.status(blocking=False)) is not None:
                self.returncode = os.waitstatus_to_exitcode(status)
            return self.returncode


def run(words: Sequence[object], *, timeout: float = 100, **options: Any) -> subprocess.CompletedProcess[str]:
    """`subprocess.run` of the program, with its output as text."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    with Popen(words, text=True, **(streams | options)) as process:
        out, err = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(list(words), process.returncode, out, err)


def ended(words: Sequence[object], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command to its end; its exit code (negative: the signal that killed it) and its standard error."""
    done = run(words, env=environment, stdout=subprocess.DEVNULL)
    return done.returncode, done.stderr


@cache
def _server() -> str:
    """The path of the socket of this worker's server; it ends with the worker, however that ends, and removes it."""
    path = f"{tempfile.mkdtemp(prefix='regen-forks-')}/socket"
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.harness.forks", path], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"

    def close() -> None:
        with server:
            pass

    atexit.register(close)
    return path


class Server:
    """Forks for every connection, sends its process id, and once that has ended its status."""

    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(64)
        self._clients: dict[int, socket.socket] = {}
        self._ended, wake = socket.socketpair()
        for end in (self._ended, wake):
            end.setblocking(False)
        self._wake = wake
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno())

    def serve(self) -> dict[str, Any] | None:
        """The order of a client, in a fork that shall obey it; None once standard input has ended."""
        while True:
            ready, _, _ = select.select([0, self._listener, self._ended, *self._clients.values()], [], [])
            if 0 in ready:
                return None
            if self._ended in ready:
                self._ended.recv(4096)
                self._reap()
            for pid, client in list(self._clients.items()):
                if client in ready:  # it has nothing more to send: it has gone, and takes its process with it
                    os.kill(pid, signal.SIGKILL)
                    self._clients.pop(pid).close()
            if self._listener in ready and (order := self._fork()) is not None:
                return order

    def _fork(self) -> dict[str, Any] | None:
        client, _ = self._listener.accept()
        order, streams = forked.received(client)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _redirect(streams)
            for end in (self._listener, self._ended, self._wake, client, *self._clients.values()):
                end.close()
            return order
        for stream in streams.values():
            os.close(stream)
        self._clients[pid] = client
        client.sendall(forked.NUMBER.pack(pid))
        return None

    def _reap(self) -> None:
        """Send their status to the clients of the processes that have ended."""
        while self._clients:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if (client := self._clients.pop(pid, None)) is not None:
                with client:
                    client.sendall(forked.NUMBER.pack(status))


def _redirect(streams: Mapping[int, int]) -> None:
    """Make these the standard streams; those that are not among them are closed."""
    high = {fd: os.dup(stream) for fd, stream in streams.items()}
    for fd in (0, 1, 2):
        if fd in high:
            os.dup2(high[fd], fd)
        else:
            os.close(fd)
    for stream in {*high.values(), *streams.values()} - {0, 1, 2}:
        os.close(stream)
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        stream = None
        if fd in streams:
            errors = "backslashreplace" if fd == 2 else "strict"
            stream = open(fd, "w" if fd else "r", 1 if fd == 2 or os.isatty(fd) else -1, "utf-8", errors, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def become(order: Mapping[str, Any]) -> None:
    """Run the program as `python -m runner` does, and end as the interpreter does, but for taking all modules apart."""
    code = 1
    try:
        _run(order)
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:  # noqa: BLE001 - shown, as a process that starts shows it
        sys.excepthook(*sys.exc_info())
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            code = 120
    os._exit(code)


def _run(order: Mapping[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    os.chdir(order["folder"])
    if "TEST_KILL_AT" in os.environ:
        _install_kill()
    sys.argv = ["regen", *order["words"]]
    runpy.run_module("runner.__main__", run_name="__main__")


def _install_kill() -> None:
    """What `sitecustomize` does in a process that starts."""
    spec = importlib.util.spec_from_file_location("kill_at_startup", STARTUP / "sitecustomize.py")
    assert spec is not None and spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


if __name__ == "__main__":
    for name in IMPORTED:
        importlib.import_module(name)
    server = Server(sys.argv[1])
    print("ready", flush=True)
    gc.collect()
    gc.freeze()
    if (received := server.serve()) is not None:
        become(received)
    shutil.rmtree(Path(sys.argv[1]).parent)
