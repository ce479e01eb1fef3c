"""How the interpreter is set while many rows pass: settings that cost nothing but surprise, so they are named here; and
how memory is given back between the parts of a run.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator

LOADED = 200_000  # containers; more than the libraries of any command make as they are imported
COLLECT_AFTER = 20_000  # new containers; nearly all are freed by counting, so a look every 700 finds nothing


@contextlib.contextmanager
def whole_command() -> Iterator[None]:
    """For a process that does one command: there is no garbage in what it loads, and none matters once it ends.

    Looking for it took a quarter of the CPU of loading pandas, pyarrow and aiohttp: 0.15 of 0.6 s, most of that as the
    interpreter ended.
    """
    gc.set_threshold(LOADED, *gc.get_threshold()[1:])
    try:
        yield
    finally:
        gc.freeze()


@contextlib.contextmanager
def seldom_collecting() -> Iterator[None]:
    """What is loaded by now is not looked at for garbage, what is new less often. One may hold within another.

    While a run sends, without latency, looking at what is loaded too takes 1.05 to 1.08 of the CPU a row.
    """
    threshold = gc.get_threshold()
    outermost = threshold[0] != COLLECT_AFTER  # Python 3.12 begins with frozen objects: their number does not say
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
