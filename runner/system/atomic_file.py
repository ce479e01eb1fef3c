"""Files that take their place when they are whole: they are either the old ones or the new ones."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from runner.system.failpoints import reach


@contextlib.contextmanager
def replacing(place: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes its place when it is whole and on disk."""
    draft = place.with_name(f".{place.name}.new")
    try:
        handle = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        reach("drafting-view")
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
