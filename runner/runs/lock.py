"""Who holds a run or a tenant."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from runner.domain.errors import RunHeld
from runner.system.atomic_file import replacing

LOCKS = ".locks"


@contextlib.contextmanager
def held(runs: Path, name: str, what: str, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock in the runs folder; it ends with the process, however that ends.

    Raises RunHeld if another process holds it, unless it is to `wait` for it.
    """
    locks = runs / LOCKS
    locks.mkdir(parents=True, mode=0o700, exist_ok=True)
    lock, holder = FileLock(locks / f"{name}.lock", mode=0o600), locks / f"{name}.holder"
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        raise RunHeld(f"{what} is held by {_holder(holder)}; wait for it, or stop it with SIGTERM") from None
    try:
        with replacing(holder) as file:
            file.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _holder(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        return "another process"
