"""The user's state folder: what is known across runs folders, such as who sends to which tenant just now.

It is never required: without a usable home folder a private folder in the system's temporary folder serves, and
without that nothing is remembered.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from runner.system.atomic_file import make_private
from runner.system.user import state_folder_of_user, user_id

NAME = "regen"


def state_folder(part: str) -> Path | None:
    """A private folder for one kind of state, made if need be; None if there is nowhere to write."""
    return next(state_folders(part), None)


def state_folders(part: str) -> Iterator[Path]:
    """The folders that can serve, the best first; each is made if need be."""
    for base in _candidates():
        try:
            make_private(base, parents=True)
            folder = base / part
            make_private(folder)
        except OSError:
            continue
        if os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            yield folder


def _candidates() -> Iterator[Path]:
    """The user's own state folder, if the user has a home; else one in the temporary folder that nobody else owns."""
    own = state_folder_of_user(NAME)
    if own is not None:
        yield own
    user = user_id() or 0
    path = Path(tempfile.gettempdir()) / f"{NAME}-{user}"
    if _is_own(path, user):
        yield path


def _is_own(path: Path, user: int) -> bool:
    """Whether nobody else made this path: in a folder that all may write to, anybody may have planted it."""
    try:
        status = path.lstat()
    except OSError:
        return True
    return stat.S_ISDIR(status.st_mode) and status.st_uid == user
