"""`--notify-on change`: how the last run of each name ended, as far as a web hook was informed of it.

Kept in the runs folder, a small file a name. What cannot be read counts as unknown: then the hook is informed.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from runner.notify.receivers import Receivers
from runner.system.atomic_file import make_private, replacing

NOTED = ".notified"


def is_due(receivers: Receivers, name: str, exit_code: int) -> bool:
    """Whether the web hook is informed of this ending."""
    if receivers.notify_on == "failure":
        return exit_code != 0
    return receivers.notify_on == "always" or _noted(receivers, name) != str(exit_code)


def note(receivers: Receivers, name: str, exit_code: int) -> None:
    """Remember that the web hook was informed of this ending. One that cannot be noted is sent again."""
    path = _path(receivers, name)
    if path is not None:
        with contextlib.suppress(OSError):
            make_private(path.parent)
            with replacing(path) as file:
                file.write(str(exit_code).encode())


def _noted(receivers: Receivers, name: str) -> str | None:
    path = _path(receivers, name)
    try:
        return None if path is None else path.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return None


def _path(receivers: Receivers, name: str) -> Path | None:
    """The file of a name and a web hook; None where there is no runs folder."""
    if receivers.runs is None or receivers.notify is None or not receivers.runs.is_dir():
        return None
    identity = "\n".join((name, receivers.notify.reveal(), *receivers.labels.values()))
    return receivers.runs / NOTED / hashlib.sha256(identity.encode()).hexdigest()[:32]
