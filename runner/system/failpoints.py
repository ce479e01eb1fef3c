"""Named recovery points, for the crash tests: the process kills itself when it reaches one for the n-th time.

Off unless REGEN_FAIL_POINT=NAME:N is in the environment. After each point a run must go on as if nothing had
happened; `POINTS` says what lies between it and the next.
"""

from __future__ import annotations

import os
import signal

POINTS = {
    "drafted": "the plan is enrolled in a draft, not yet in its place",
    "enrolled": "the plan is in its place, nothing is sent",
    "writing": "a transaction of claims and records is open",
    "written": "it is on disk",
    "claimed": "intents are on disk, nothing of them is sent",
    "answered": "an answer is here, and not on disk",
    "drafting-view": "a view is written beside its place",
    "viewed": "the views are in their places, run.json is not",
    "settled-down": "the ledger is one plain file, the seal is missing",
    "sealed": "the run is over",
}
JOB_POINTS = {
    "created": "a job is created, and not on disk",
    "noted": "the job is on disk, its answer is not",
    "fetched": "a result file is here, and not on disk",
}

_name, _, _count = os.environ.get("REGEN_FAIL_POINT", "").partition(":")
_left = int(_count) if _count.isdecimal() else 1


def armed(name: str) -> bool:
    """Whether the process is to die at this point."""
    return name == _name


def reach(name: str) -> None:
    """Say that a recovery point is reached."""
    if name != _name:
        return
    global _left
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows ends a process at once by either
