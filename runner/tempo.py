"""How the interpreter is set while a run sends: two settings that cost nothing but surprise, so they are named here."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator

COLLECT_AFTER = 20_000  # new containers; nearly all are freed by counting, so a look every 700 finds nothing
SWITCH_SECONDS = 0.001  # how long the pen's thread waits for the interpreter while the event loop is busy; else 5 ms


@contextlib.contextmanager
def sending() -> Iterator[None]:
    """What is loaded by now is not looked at for garbage, what is new less often, and threads take turns sooner."""
    threshold, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *threshold[1:])
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*threshold)
        gc.unfreeze()
