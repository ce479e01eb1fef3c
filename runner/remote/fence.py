"""Who holds a run, on any machine: every start takes the next epoch, and the highest one holds the run."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from runner.domain.errors import Refused, RemoteUnusable
from runner.remote.storage import Storage

HOLDER = "holder"
RACES = 20  # starts of one run in the same moment


class EpochHolder(Struct, frozen=True, kw_only=True):
    """Who took an epoch of a run. `at` is ISO 8601 in UTC, by the clock of the machine."""

    host: str
    tenant: str
    token: str  # names the ledger
    machine: str
    folder: str
    process: int
    user: str | None = None
    at: str = ""

    def __str__(self) -> str:
        user = f" (user {self.user})" if self.user else ""
        return f"process {self.process} on {self.machine}{user}, since {self.at[:19]}Z, in {self.folder}"


_holder_of = msgspec.json.Decoder(EpochHolder).decode


def highest(storage: Storage, run: str) -> int:
    """The highest epoch of a run that was taken; 0 if none was. Raises RemoteUnusable."""
    return max((int(name) for name in storage.names(f"{HOLDER}/{run}") if name.isdecimal()), default=0)


def holder_of(storage: Storage, run: str, epoch: int) -> EpochHolder | None:
    """Who took an epoch; None if nobody did."""
    content = storage.read(f"{HOLDER}/{run}/{epoch}")
    if content is None:
        return None
    try:
        return _holder_of(content)
    except msgspec.MsgspecError as error:
        raise RemoteUnusable(f"remote {storage.url}: {HOLDER}/{run}/{epoch} cannot be read ({error})") from error


def refuse_other_tenant(storage: Storage, run: str, host: str, tenant: str) -> None:
    """Raises Refused if the id names a run of another tenant: their copies would be mixed up."""
    holder = holder_of(storage, run, 1)
    if holder is not None and (holder.host, holder.tenant) != (host, tenant):
        raise Refused(
            f"run id {run} is used at {storage.url} for another tenant ({holder.host}); choose another --run-id, or "
            "give each tenant a remote of its own"
        )


def superseded(storage: Storage, run: str, epoch: int, own: EpochHolder) -> EpochHolder | None:
    """Who holds the run, if a ledger that knows of no epoch after `epoch` does not."""
    last = highest(storage, run)
    if last <= epoch:
        return None
    holder = holder_of(storage, run, last)
    if holder is None or is_same_ledger(holder, own):
        return None
    return holder


def is_same_ledger(holder: EpochHolder, own: EpochHolder) -> bool:
    """Whether an epoch was taken by the same ledger at the same path: before it was killed, for example."""
    return (holder.token, holder.machine, holder.folder) == (own.token, own.machine, own.folder)


def take(storage: Storage, run: str, own: EpochHolder) -> int:
    """Take the next epoch: from now on every other holder of the run is superseded. Returns its number."""
    content = msgspec.json.encode(own)
    for _ in range(RACES):
        epoch = highest(storage, run) + 1
        if storage.create(f"{HOLDER}/{run}/{epoch}", content):
            return epoch
    raise RemoteUnusable(f"remote {storage.url}: {RACES} other starts of run {run} were faster; start it once only")
