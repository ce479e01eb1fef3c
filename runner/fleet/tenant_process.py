"""One tenant's night as a process of its own. It ends with its parent: a worker that dies takes it along, in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from runner.domain.errors import ExitCode
from runner.fleet.fleet_file import Tenant
from runner.runs.known_runs import changed_runs

LAST_LINES = 20  # of what the process printed to stderr, for the page and the report
POLL_SECONDS = 0.2
HELD_POLL_SECONDS = 2.0

# Runs the command line after asking Linux to send SIGTERM when the parent is gone, so that no run goes on without
# anybody who waits for it. The parent may have died before that: then the process ends at once.
_PROGRAM = """
import os, signal, sys
parent = int(sys.argv.pop(1))
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(143)
sys.argv[0] = "regen"
from runner.cli import main
main()
"""


class RunResult(Struct, frozen=True):
    """A run of the tenant that this night touched."""

    run: str
    path: str
    status: str
    counts: dict[str, int]


class TenantResult(Struct, frozen=True):
    """How a tenant's night ended. `seconds` is wall time; `messages` the end of what was printed to stderr."""

    name: str
    profile: str
    exit_code: int
    seconds: float
    runs: tuple[RunResult, ...] = ()
    messages: tuple[str, ...] = ()


def run_tenant(tenant: Tenant, stopped: Callable[[], bool], held_seconds: float = 0.0) -> TenantResult:
    """Run the tenant's command and wait for it. Once `stopped` is true it is asked to end gracefully.

    For `held_seconds`, a run that another process holds is tried again: where a worker has died, its process may still
    be ending. Raises OSError if no process can be started.
    """
    begun = time.time()
    Path(tenant.runs_dir).mkdir(parents=True, mode=0o700, exist_ok=True)
    code, lines = _run_once(tenant, stopped)
    while code == ExitCode.HELD and time.time() - begun < held_seconds and not stopped():
        time.sleep(HELD_POLL_SECONDS)
        code, lines = _run_once(tenant, stopped)
    return TenantResult(
        name=tenant.name,
        profile=tenant.profile,
        exit_code=code,
        seconds=time.time() - begun,
        runs=_runs_since(Path(tenant.runs_dir), begun),
        messages=tuple(lines),
    )


def _run_once(tenant: Tenant, stopped: Callable[[], bool]) -> tuple[int, list[str]]:
    words = [sys.executable, "-c", _PROGRAM, str(os.getpid()), *tenant.words]
    with subprocess.Popen(  # noqa: S603 - this program and the words of a fleet file
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C reaches the fleet alone, which passes one signal on
    ) as process:
        lines: deque[str] = deque(maxlen=LAST_LINES)
        reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
        reader.start()
        _wait(process, stopped)
        reader.join(timeout=5)
        return _exit_code(process.returncode), list(lines)


def _read(process: subprocess.Popen[str], lines: deque[str]) -> None:
    for line in process.stderr or ():
        lines.append(line.rstrip("\n"))


def _wait(process: subprocess.Popen[str], stopped: Callable[[], bool]) -> None:
    signalled = False
    while True:
        try:
            process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if not signalled and stopped():
                process.send_signal(signal.SIGTERM)
                signalled = True
        else:
            return


def _exit_code(code: int) -> int:
    """A process that a signal ended has a negative code: 128 + the signal's number, as a shell shows it."""
    return 128 - code if code < 0 else code


def _runs_since(runs: Path, begun: float) -> tuple[RunResult, ...]:
    """The runs whose run.json was written since; the latest run where the night had nothing to do."""
    touched = sorted(changed_runs(runs), key=lambda entry: entry[0], reverse=True)
    results: list[RunResult] = []
    for changed, folder in touched:
        if results and changed < begun - 1:
            break
        document = folder.document()
        if document is not None:
            results.append(RunResult(document.run, str(folder.path), str(document.status), document.counts))
    return tuple(reversed(results))


GRAVITY = (
    *(ExitCode.FAULT, ExitCode.TERMINATED, ExitCode.INTERRUPTED, ExitCode.STOPPED, ExitCode.HELD, ExitCode.REFUSED),
    *(ExitCode.PAUSED, ExitCode.ROWS_FAILED),
)


def gravest(codes: list[int]) -> int:
    """The exit code of the fleet: the gravest of its tenants'. One that is none of ours counts as a fault."""
    for code in GRAVITY:
        if code in codes or (code is ExitCode.FAULT and any(other not in set(ExitCode) for other in codes)):
            return int(code)
    return int(ExitCode.SUCCEEDED)
