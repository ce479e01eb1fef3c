"""Which run a command is, on any machine: `begun/<tenant>/<fingerprint>`, created before the first request.

A later run with the same inputs has an entry of its own beside it: `<fingerprint>.2`, `.3`, … The last one counts.

```
RunEntry + what the storage has of its run ──▶ RemoteState ──decide──▶ RemoteDecision     (pure)
```
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec
from msgspec import Struct

from runner.domain.errors import RemoteUnusable
from runner.domain.lifetimes import KEY_SECONDS, SAME_RUN_FOR
from runner.remote.storage import Storage, storage_time

BEGUN = "begun"


class RunEntry(Struct, frozen=True, kw_only=True):
    """A run as the register knows it."""

    run: str
    host: str
    tenant: str
    fingerprint: str
    folder: str  # where its sealed folder is published, below the remote's root
    begun_at: str  # ISO 8601, UTC, by the clock of the machine
    machine: str
    user: str | None = None
    process: int = 0
    token: str = ""  # of the ledger that registered it

    @property
    def holder(self) -> str:
        """Who registered it, for people."""
        return f"process {self.process} on {self.machine}" + (f" (user {self.user})" if self.user else "")


_entry_of = msgspec.json.Decoder(RunEntry).decode


@dataclass(frozen=True)
class Registered:
    """The last entry for some inputs, when it was made, and how late it is now: both by the storage's clock."""

    entry: RunEntry
    number: int
    begun_at: datetime
    now: datetime

    @property
    def age(self) -> timedelta:
        """How long ago the run was begun."""
        return self.now - self.begun_at


class RemoteState(enum.Enum):
    """What the storage shows of the run that was registered last for the same inputs."""

    OVER = "it has ended, and nothing more is sent: its folder is published, or here"
    COPIED = "it has not ended; there are copies of its ledger"
    LOST = "it has not ended; nothing of it is left but the entry"


class RemoteDecision(enum.Enum):
    """What a command with the same inputs does about it."""

    FOLLOW = "make a new run, registered after it"
    FETCH = "bring its published folder here: it is reported, and nothing is sent"
    RESTORE = "restore the last copy of its ledger, and go on as the same run"
    PLAN_AGAIN = "plan it again under its id: the keys are the same, and everything counts as sent"
    REFUSE_EXPIRED = "refuse: its keys have expired, so that its requests could be done twice"
    REFUSE_UNFINISHED = "refuse: it is unfinished, and the command names another run id"


@dataclass(frozen=True)
class Wanted:
    """What the command says about runs that there are already."""

    run_id: str | None = None  # chosen with --run-id
    again: bool = False
    beside_unfinished: bool = False  # --if-unfinished new


def decide(state: RemoteState, registered: Registered, wanted: Wanted) -> RemoteDecision:
    """What a command does about the run that was registered last for its inputs."""
    if wanted.again:
        return RemoteDecision.FOLLOW
    names_other = wanted.run_id not in (None, registered.entry.run)
    if state is RemoteState.OVER:
        same = not names_other and (registered.age < SAME_RUN_FOR or wanted.run_id is not None)
        return RemoteDecision.FETCH if same else RemoteDecision.FOLLOW
    if wanted.beside_unfinished:
        return RemoteDecision.FOLLOW
    if names_other:
        return RemoteDecision.REFUSE_UNFINISHED
    if registered.age.total_seconds() >= KEY_SECONDS:
        return RemoteDecision.REFUSE_EXPIRED
    return RemoteDecision.RESTORE if state is RemoteState.COPIED else RemoteDecision.PLAN_AGAIN


def last_entry(storage: Storage, tenant: str, fingerprint: str) -> Registered | None:
    """The last run that was registered for these inputs; None if there is none. Raises RemoteUnusable."""
    folder = _folder(tenant)
    numbers = [number for name in storage.names(folder) if (number := _number(name, fingerprint)) is not None]
    if not numbers:
        return None
    return _read(storage, tenant, fingerprint, max(numbers), storage_time(storage))


def entries(storage: Storage, tenant: str, fingerprint: str) -> list[RunEntry]:
    """All runs that were registered for these inputs, the first one first."""
    names = storage.names(_folder(tenant))
    numbers = sorted(number for name in names if (number := _number(name, fingerprint)) is not None)
    contents = [storage.read(_name(tenant, fingerprint, number)) for number in numbers]
    return [_decoded(storage, content) for content in contents if content is not None]


def register(storage: Storage, entry: RunEntry, after: Registered | None) -> RunEntry:
    """Register a run after the entry that was last. Returns the entry that is there now: this one, or that of
    whoever was faster."""
    number = 1 if after is None else after.number + 1
    name = _name(entry.tenant, entry.fingerprint, number)
    if storage.create(name, msgspec.json.encode(entry)):
        return entry
    content = storage.read(name)
    if content is None:
        raise RemoteUnusable(f"remote {storage.url}: {name} could be neither created nor read")
    return _decoded(storage, content)


def published_folder(run: str, tenant: str, planned_at: str) -> str:
    """Where a run's folder is published: the parts of the path are columns to DuckDB and others (hive style)."""
    return f"tenant={path_part(tenant)}/month={planned_at[:7]}/run={run}"


def path_part(tenant: str) -> str:
    """A tenant's id as one part of a path."""
    quoted = quote(tenant, safe="")
    return quoted.replace(".", "%2E") if quoted.startswith(".") else quoted


def _read(storage: Storage, tenant: str, fingerprint: str, number: int, now: datetime) -> Registered | None:
    name = _name(tenant, fingerprint, number)
    content, begun_at = storage.read(name), storage.modified(name)
    if content is None or begun_at is None:
        return None
    return Registered(_decoded(storage, content), number, begun_at, now)


def _decoded(storage: Storage, content: bytes) -> RunEntry:
    try:
        return _entry_of(content)
    except msgspec.MsgspecError as error:
        raise RemoteUnusable(
            f"remote {storage.url}: an entry below {BEGUN}/ cannot be read ({error}): a later version of this program "
            "wrote it, or somebody changed it; restore it from the bucket's versions"
        ) from error


def _folder(tenant: str) -> str:
    return f"{BEGUN}/{path_part(tenant)}"


def _name(tenant: str, fingerprint: str, number: int) -> str:
    return f"{_folder(tenant)}/{fingerprint}" + ("" if number == 1 else f".{number}")


def _number(name: str, fingerprint: str) -> int | None:
    head, dot, tail = name.partition(".")
    if head != fingerprint or (dot and not tail.isdecimal()):
        return None
    return int(tail) if dot else 1
