"""How the interpreter is set while many rows pass: settings that cost nothing but surprise, so they are named here; and
how memory is given back between the parts of a run.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator

COLLECT_AFTER = 20_000  # new containers; nearly all are freed by counting, so a look every 700 finds nothing
SWITCH_SECONDS = 0.001  # how long the pen's thread waits for the interpreter while the event loop is busy; else 5 ms


@contextlib.contextmanager
def seldom_collecting() -> Iterator[None]:
    """What is loaded by now is not looked at for garbage, what is new less often. One may hold within another."""
    threshold, outermost = gc.get_threshold(), gc.get_freeze_count() == 0
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *threshold[1:])
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        if outermost:
            gc.unfreeze()


def give_back() -> None:
    """Give memory that is free back to the system: else what the next part of a run needs comes on top of it."""
    if arrow := sys.modules.get("pyarrow"):  # where it was not needed, there is not much
        arrow.default_memory_pool().release_unused()  # with the system's allocator: of everything, not of Arrow's alone


@contextlib.contextmanager
def sending() -> Iterator[None]:
    """As above, and threads take turns sooner."""
    interval = sys.getswitchinterval()
    with seldom_collecting():
        sys.setswitchinterval(SWITCH_SECONDS)
        try:
            yield
        finally:
            sys.setswitchinterval(interval)
