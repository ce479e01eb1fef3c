"""A run whose ledger is lost, made again from the last copy of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from runner.domain.errors import LedgerError, Refused
from runner.domain.run_status import RunStatus
from runner.ledger import Facts, Store, open_writable, queries
from runner.ledger.assumed_sends import assume_sent
from runner.ledger.facts import RemoteFacts, Restoration
from runner.remote import fence
from runner.remote.copies import CopyName, copies_of, fetch_copy
from runner.remote.storage import Storage
from runner.runs.folder import RunFolder
from runner.system.timestamps import iso, now_microseconds
from runner.system.user import host_name, login


@dataclass(frozen=True)
class Recovered:
    """What was restored. `damaged` are later copies that could not be read."""

    name: CopyName
    restoration: Restoration | None  # None: the run is over, and nothing more is sent
    damaged: tuple[CopyName, ...] = ()


def restore(storage: Storage, folder: RunFolder) -> Recovered:
    """Make the ledger of a run from its last copy that can be read, in a folder that has none.

    Unless the copy was made at the end of an invocation, every request without an outcome counts as sent since the
    copy was made. Raises Refused if there is no copy, LedgerError if none can be read.
    """
    names = copies_of(storage, folder.id)
    if not names:
        raise Refused(f"remote {storage.url} has no copy of the ledger of run {folder.id}")
    folder.make()
    damaged: list[CopyName] = []
    for name in reversed(names):
        try:
            fetch_copy(storage, folder.id, name, folder.ledger)
        except LedgerError as error:
            damaged.append(name)
            reason = error
            continue
        with open_writable(folder.ledger) as store:
            restoration = _mark(storage, store, folder, tuple(damaged))
            folder.write_document(store)
        return Recovered(name, restoration, tuple(damaged))
    raise LedgerError(f"remote {storage.url}: none of {len(names)} copies of run {folder.id} can be read: {reason}")


def mark_planned_again(storage: Storage, folder: RunFolder, begun_at: datetime, machine: str) -> None:
    """Mark a plan that was made anew, since nothing is left of the run but its entry: everything counts as sent since
    the run was begun."""
    with open_writable(folder.ledger) as store:
        restoration = Restoration(
            at=iso(now_microseconds()),
            machine=machine,
            assumed=queries.pending(store),
            restored_by=login(),
        )
        facts = store.facts()
        since = round(begun_at.timestamp() * 1_000_000)
        remote = _own(storage, facts)
        assume_sent(store, since, restorations=(*facts.restorations, restoration), remote=remote)
        folder.write_document(store)


def _mark(storage: Storage, store: Store, folder: RunFolder, damaged: tuple[CopyName, ...]) -> Restoration | None:
    """Make the ledger this machine's own, and record what it cannot know; None for a run that is over."""
    facts = store.facts()
    ended = facts.status.ended and not damaged  # the next start would have made a copy before its first request
    if ended and facts.status.over:
        return None
    pending = 0 if ended else queries.pending(store)
    restoration = Restoration(
        at=iso(now_microseconds()),
        copied_at=facts.ended_at if ended else facts.copied_at,
        machine=facts.machine,
        assumed=pending,
        restored_by=login(),
    )
    changes = {
        "status": RunStatus.RUNNING,  # as after a crash: there is no folder whose seal could be checked
        "machine": host_name(),
        "folder_path": str(folder.path.resolve()),
        "remote": _own(storage, facts),
        "restorations": (*facts.restorations, restoration),
    }
    if ended:
        store.set_facts(**changes)
    else:
        assume_sent(store, _since(facts), **changes)
    return restoration


def _since(facts: Facts) -> int:
    """When the first send that the copy does not have may have been, in microseconds."""
    moment = facts.copied_at or facts.started_at or facts.planned_at
    return 0 if moment is None else round(datetime.fromisoformat(moment).timestamp() * 1_000_000)


def _own(storage: Storage, facts: Facts) -> RemoteFacts:
    """The ledger under a name of its own. It continues whatever epoch was taken so far: in one that has no copy,
    nothing was sent."""
    follows = None if facts.remote is None else facts.remote.follows
    epoch = fence.highest(storage, facts.run_id)
    return RemoteFacts(url=storage.url, token=secrets.token_hex(16), epoch=epoch, follows=follows)
