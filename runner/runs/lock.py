"""Locks on runs and tenants. They end with the process, however that ends.

A lock is a file that the system locks, and beside it a note on the holder. The note itself carries a second lock that
others can query without taking anything, so that listing runs never makes a start fail.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from runner.domain.errors import Refused, RunHeld
from runner.domain.identity import canonical
from runner.runs.state_folder import state_folders
from runner.system.atomic_file import make_private
from runner.system.timestamps import iso, now_microseconds
from runner.system.user import host_name, login

LOCKS = ".locks"
LISTED = Path("/proc/locks")
_FLOCK = "hhqqi4x"  # struct flock of Linux on 64 bits: type, whence, start, length, process


class Holder(Struct, kw_only=True):
    """Who holds a lock. The holder may say later when it expects to end."""

    process: int
    machine: str
    user: str | None
    run: str | None = None
    since: str = ""  # ISO 8601, UTC
    expected_end: str | None = None  # ISO 8601, UTC

    def __str__(self) -> str:
        user = f" (user {self.user})" if self.user else ""
        words = [f"process {self.process} on {self.machine}{user}"]
        if self.run:
            words.append(f"run {self.run}")
        if self.since:
            words.append(f"since {self.since[:19]}Z")
        if self.expected_end:
            words.append(f"expected to end at {self.expected_end[:19]}Z")
        return ", ".join(words)


class Held:
    """A lock that this process holds."""

    def __init__(self, note: int | None, holder: Holder) -> None:
        self._note, self.holder = note, holder

    def expect_end(self, moment: str | None) -> None:
        """Say when this process expects to end (ISO 8601, UTC): whoever waits is shown it."""
        self.holder.expected_end = moment
        self.write()

    def write(self) -> None:
        """Write the note on the holder, as far as that is possible: it is for people."""
        if self._note is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._note, 0)
                os.lseek(self._note, 0, os.SEEK_SET)
                os.write(self._note, msgspec.json.encode(self.holder))


@contextlib.contextmanager
def held(
    folder: Path,
    name: str,
    what: str,
    *,
    run: str | None = None,
    wait: bool = False,
    waiting: Callable[[str], None] = lambda text: None,
) -> Iterator[Held]:
    """Hold the lock `name` of a folder; `what` names it for people.

    Raises RunHeld if another process holds it, unless it is to `wait`: then `waiting` is called with a sentence on what
    it waits for. Raises Refused if the file system has no locks.
    """
    try:
        make_private(folder, parents=True)
        lock = FileLock(folder / f"{name}.lock", mode=0o600)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            by = holder_of(folder, name) or "another process"
            if not wait:
                raise RunHeld(f"{what} is held by {by}; wait for it (--wait), or stop it with SIGTERM") from None
            waiting(f"waiting for {what}, held by {by}")
            lock.acquire(poll_interval=0.25)
    except (OSError, NotImplementedError) as error:
        raise Refused(
            f"{folder}: no lock can be taken there ({getattr(error, 'strerror', None) or error}); choose a --runs-dir "
            "on a local disk that is writable for this user"
        ) from error
    note = folder / f"{name}.holder"
    handle = _open_note(note)
    try:
        holder = Holder(process=os.getpid(), machine=host_name(), user=login(), run=run)
        holder.since = iso(now_microseconds())
        mine = Held(handle, holder)
        mine.write()
        yield mine
    finally:
        note.unlink(missing_ok=True)
        if handle is not None:
            os.close(handle)
        lock.release()


@contextlib.contextmanager
def tenant_held(
    runs: Path,
    tenant: str,
    host: str,
    *,
    run: str,
    wait: bool = False,
    waiting: Callable[[str], None] = lambda text: None,
) -> Iterator[list[Held]]:
    """Hold a tenant: in the runs folder, for all its users, and in the user's state folder, for all runs folders."""
    what = f"tenant {tenant[:16]} at {host}"
    with contextlib.ExitStack() as stack:
        hold = stack.enter_context
        locks = [hold(held(runs / LOCKS, tenant_name(tenant), what, run=run, wait=wait, waiting=waiting))]
        state = next((folder for folder in state_folders("locks") if lock_problem(folder) is None), None)
        if state is not None:  # a home on a network disk may have no locks
            name = tenant_name(tenant, host)
            locks.append(hold(held(state, name, what, run=run, wait=wait, waiting=waiting)))
        yield locks


def lock_problem(folder: Path) -> str | None:
    """Why locks in a folder do not serve, tried with a file of its own; None if they do."""
    try:
        with tempfile.TemporaryDirectory(prefix=".regen-doctor-", dir=folder) as trial:
            first, second = (FileLock(Path(trial) / "trial.lock", mode=0o600) for _ in range(2))
            with first.acquire(timeout=0):
                try:
                    second.acquire(timeout=0)
                except Timeout:
                    return None
                second.release()
                return "a lock that is held can be taken a second time"
    except (OSError, NotImplementedError) as error:
        return f"no lock can be taken there ({getattr(error, 'strerror', None) or error})"


def tenant_name(*parts: str) -> str:
    """The name of a tenant's lock: a hash, whatever characters and however many the tenant's id has."""
    return f"tenant-{hashlib.sha256(canonical(parts)).hexdigest()[:32]}"


def holder_of(folder: Path, name: str) -> Holder | None:
    """The note on who holds a lock, or held it when it was killed."""
    try:
        return msgspec.json.decode((folder / f"{name}.holder").read_bytes(), type=Holder)
    except (OSError, msgspec.MsgspecError):
        return None


def is_held(folder: Path, name: str) -> bool:
    """Whether a process holds a lock just now. Takes nothing, so that it keeps nobody from taking it."""
    if _is_listed(folder / f"{name}.lock"):
        return True
    note = folder / f"{name}.holder"
    try:
        handle = os.open(note, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        return _is_locked(handle)
    except (OSError, AttributeError):  # this system has no lock that can be queried
        return _is_alive(holder_of(folder, name))
    finally:
        os.close(handle)


def _open_note(path: Path) -> int | None:
    """Open the note on the holder with its own lock; None if it cannot be written: it is for people."""
    try:
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError:
        return None
    if sys.platform != "win32":
        with contextlib.suppress(OSError, AttributeError):  # not every system has locks of open files
            import fcntl

            request = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            fcntl.fcntl(handle, fcntl.F_OFD_SETLK, request)
    return handle


def _is_listed(path: Path) -> bool:
    """Whether the system lists a lock on a file: Linux does, but not those of other containers."""
    try:
        inode = path.stat().st_ino
        locks = LISTED.read_text("ascii", "replace").splitlines()
    except OSError:
        return False
    return any(line.split()[-3].rpartition(":")[2] == str(inode) for line in locks if "FLOCK" in line)


def _is_locked(handle: int) -> bool:
    """Whether a process holds the lock on the note. Raises AttributeError where the system has no such lock."""
    if sys.platform != "win32":
        import fcntl

        query = struct.pack(_FLOCK, fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
        kind: int = struct.unpack(_FLOCK, fcntl.fcntl(handle, fcntl.F_OFD_GETLK, query))[0]
        return kind != fcntl.F_UNLCK
    else:  # noqa: RET505 - a statement behind it would be unreachable for mypy
        raise AttributeError("fcntl")


def _is_alive(holder: Holder | None) -> bool:
    """Whether the process of a note runs, as far as this machine can say."""
    if holder is None or holder.machine != host_name() or os.name != "posix":
        return False
    try:
        os.kill(holder.process, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
