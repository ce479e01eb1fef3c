"""Files that are replaced as a whole: readers see the old content or the new one, never a part. Private folders."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from runner.system.recovery_points import reach

STALE_SECONDS = 3600.0  # a draft of this age was left by a process that was killed
_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EISDIR})


def draft_of(target: Path) -> Path:
    """A path beside the target that no other process uses. Its name begins with a dot and ends in `.new`."""
    return target.with_name(f".{target.name}.{secrets.token_hex(8)}.new")


@contextlib.contextmanager
def replacing(target: Path, *, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """A file to write that replaces the target once it is complete and on disk.

    The draft is created exclusively, so that nothing planted under its name is followed or overwritten.
    """
    draft = draft_of(target)
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            with naming(target):
                os.fsync(file.fileno())
        if mode != 0o600:
            draft.chmod(mode)
        reach("drafting-view")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def remove_stale_drafts(folder: Path) -> None:
    """Remove the drafts that killed processes left in a folder. Young ones may be in use and stay."""
    before = time.time() - STALE_SECONDS
    for path in folder.glob(".*.new"):
        with contextlib.suppress(OSError):
            if path.lstat().st_mtime < before and not path.is_dir():
                path.unlink()


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name the file in an OSError that does not: those of calls on open files."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def sync_folder(folder: Path) -> bool:
    """Make renames in a folder durable; False on systems and file systems that do not support it. Raises OSError."""
    if os.name != "posix":
        return False
    handle = os.open(folder, os.O_RDONLY)
    try:
        with naming(folder):
            os.fsync(handle)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        return False
    finally:
        os.close(handle)
    return True


def make_private(folder: Path, *, parents: bool = False) -> None:
    """Make a folder for its owner alone, whatever the umask. One that exists is closed to others.

    Raises PermissionError for a folder of another user that others may write to, OSError if it cannot be made.
    """
    if parents:
        folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.name != "posix":
        return
    before = folder.stat()
    if not stat.S_IMODE(before.st_mode) & 0o077:
        return
    try:
        folder.chmod(0o700)
    except OSError:
        if before.st_mode & 0o022:
            reason = "belongs to another user and others may write to it"
            raise PermissionError(errno.EPERM, reason, str(folder)) from None
