"""Named recovery points. After a kill at any of them a run goes on as if nothing had happened; tests prove it.

`POINTS` describes what lies between each point and the next. Reaching one does nothing in the shipped program: only
code can install a hook, and only the crash tests do, as their processes start (`tests/harness/startup`).
"""

from __future__ import annotations

from collections.abc import Callable

POINTS = {
    "drafted": "the plan is enrolled in a draft, not yet under its own name",
    "enrolled": "the plan has its own name, nothing is sent",
    "writing": "a transaction of claims and records is open",
    "written": "it is on disk",
    "claimed": "intents are on disk, nothing of them is sent",
    "answered": "a response has arrived, and is not on disk",
    "closed": "the ledger says how the run ended, its files do not",
    "drafting-view": "a view is written under the name of a draft",
    "viewed": "the views have their own names, run.json is not written",
    "settled-down": "the ledger is one plain file, the seal is missing",
    "sealed": "the run is over",
}
JOB_POINTS = {
    "created": "a job is created, and not on disk",
    "noted": "the job is on disk, its response is not",
    "fetched": "a result file has arrived, and is not on disk",
}

_hook: Callable[[str], None] | None = None


def install(hook: Callable[[str], None] | None) -> None:
    """Call this at every recovery point, with its name. None removes the hook."""
    global _hook
    _hook = hook


def reach(name: str) -> None:
    """Mark that a recovery point is reached."""
    if _hook is not None:
        _hook(name)
