"""Who runs this program, on which machine, and where that user's folders are. Never fatal.

A container's user may have no name; HOME may be unset, empty, relative, missing or closed to us.
"""

from __future__ import annotations

import getpass
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path


def login() -> str:
    """The login name; `uid 12345` for a user without one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # ImportError: Windows without a variable that names the user
        return f"uid {user_id()}"


def user_id() -> int | None:
    """The effective numeric id of the user; None where users have none (Windows)."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def host_name() -> str:
    """The name of this machine."""
    return socket.gethostname()


def home(environment: Mapping[str, str] | None = None) -> Path | None:
    """The user's home folder: HOME if it is a full path, else what the system says; None if there is none."""
    environment = os.environ if environment is None else environment
    folder = Path(environment.get("HOME", "").strip() or environment.get("USERPROFILE", "").strip())
    return folder if folder.is_absolute() else _registered_home()


def _registered_home() -> Path | None:
    if sys.platform != "win32":
        import pwd

        try:
            folder = Path(pwd.getpwuid(os.geteuid()).pw_dir)
        except (KeyError, OSError):
            return None
        return folder if folder.is_absolute() else None
    else:  # noqa: RET505 - a statement behind it would be unreachable for mypy
        return None


def config_folder(environment: Mapping[str, str] | None = None) -> Path | None:
    """The folder of the user's own configuration files: XDG_CONFIG_HOME, APPDATA or `~/.config`; None without any."""
    environment = os.environ if environment is None else environment
    named = environment.get("XDG_CONFIG_HOME") or environment.get("APPDATA")
    if named and Path(named).is_absolute():
        return Path(named)
    own = home(environment)
    return own / ".config" if own is not None else None


def state_folder_of_user(name: str) -> Path | None:
    """Where a program of this name keeps the user's state; None without a home. It need not exist."""
    from platformdirs import user_state_path

    if not os.environ.get("XDG_STATE_HOME") and home() is None:
        return None
    try:
        path = user_state_path(name, appauthor=False)
    except (KeyError, RuntimeError, OSError):
        return None
    if path.is_absolute():
        return path
    own = home()  # HOME is `~` or relative, and platformdirs takes it as it is
    return own / ".local" / "state" / name if own is not None else None


def expanded(path: str) -> Path:
    """A path in which a leading `~` is the user's home. Without a home it stays as it is."""
    if path == "~" or path.startswith(("~/", "~\\")):
        own = home()
        return own / path[2:] if own is not None else Path(path)
    try:
        return Path(path).expanduser()  # ~somebody
    except RuntimeError:
        return Path(path)


def is_file(path: Path) -> bool:
    """Whether a path is a file that can be seen: one in a folder that is closed to us cannot."""
    try:
        return path.is_file()
    except OSError:
        return False
