"""How many attempts a run has claimed, noted beside the ledger: an older ledger is detected by it.

SQLite's write-ahead log is a file of its own. If it is lost (a copy without it, a cleaner), the ledger is sound and
older than it should be, and its requests would be sent again as if for the first time. So the number of attempts and
of outcomes that the ledger must have is noted in two files: exactly in `.sends`, which is overwritten and
removed when the run ends, and about once a second as an event of run.log.

    claims: commit ─▶ note ─▶ send          claims given back: note ─▶ commit

so that a crash at any point leaves at least as much in the ledger as was noted.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from runner.system.timestamps import iso, now_microseconds

NAME = ".sends"
EVENT = "sends"
LINE_SECONDS = 1.0
_SIZE = 128  # bytes of the file: it never grows, so that a full disk does not stop it


class Sends(Struct, frozen=True, kw_only=True):
    """The attempts and outcomes that a ledger must have at least."""

    at: str  # ISO 8601, UTC
    attempts: int = 0
    outcomes: int = 0


class SendNotes:
    """Notes sends for one invocation. `note` may be called from another thread than the event log's."""

    def __init__(self, folder: Path, log: Path) -> None:
        flags = os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        self._path = folder / NAME
        self._path.unlink(missing_ok=True)
        self._file = os.open(self._path, flags | os.O_EXCL | os.O_RDWR, 0o600)
        self._log = os.open(log, flags | os.O_APPEND | os.O_WRONLY, 0o600)
        self._noted: int | None = None
        self._line_at = 0.0

    def note(self, attempts: int, outcomes: int) -> None:
        """Note what the ledger has now, or will have at least. A number that fell is in the log at once."""
        sends = Sends(at=iso(now_microseconds()), attempts=attempts, outcomes=outcomes)
        with contextlib.suppress(OSError):  # notes beside the ledger never stop a run
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, msgspec.json.encode(sends).ljust(_SIZE))
        fell = self._noted is not None and attempts < self._noted
        if fell or self._noted is None or time.monotonic() - self._line_at >= LINE_SECONDS:
            self._line_at = time.monotonic()
            event: dict[str, Any] = {"at": sends.at, "event": EVENT, "attempts": attempts, "outcomes": outcomes}
            with contextlib.suppress(OSError):
                os.write(self._log, msgspec.json.encode(event) + b"\n")
            self._noted = attempts

    def close(self) -> None:
        """End noting; the file stays until the run is closed."""
        os.close(self._file)
        os.close(self._log)


def forget(folder: Path) -> None:
    """Remove the file once the run is closed: run.json has the numbers from then on."""
    (folder / NAME).unlink(missing_ok=True)


def noted(folder: Path, log: Path) -> Sends | None:
    """The most that was noted, in either file; None if nothing was."""
    known = [sends for sends in (_of_file(folder / NAME), _of_log(log)) if sends is not None]
    return max(known, key=lambda sends: (sends.attempts, sends.outcomes), default=None)


def _of_file(path: Path) -> Sends | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Sends)
    except (OSError, msgspec.MsgspecError):
        return None


def _of_log(path: Path) -> Sends | None:
    """The last note of the log. A line that was cut off is none."""
    last = None
    marker = f'"event":"{EVENT}"'.encode()
    try:
        with path.open("rb") as file:
            for line in file:
                if marker in line:
                    with contextlib.suppress(msgspec.MsgspecError):
                        last = msgspec.json.decode(line, type=Sends)
    except OSError:
        return None
    return last
