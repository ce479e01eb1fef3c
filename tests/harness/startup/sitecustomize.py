"""Start-up of the processes that the crash tests kill: Python imports this before the program.

`tests.harness.kills` puts this folder on the path and names the recovery point.
"""

from __future__ import annotations

import os
import signal

from runner.system import recovery_points

_name, _, _count = os.environ["TEST_KILL_AT"].partition(":")
_left = int(_count or 1)


def _kill(reached: str) -> None:
    global _left
    _left -= reached == _name
    if _left <= 0:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows ends a process at once by either


recovery_points.install(_kill)
