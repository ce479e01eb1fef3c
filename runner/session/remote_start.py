"""What a command does about the run with the same inputs that is registered at its remote, maybe by another machine.

Called while the run is prepared, before anything of it is sent: the run that is there is brought here, or the new one
is to follow it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner.domain.errors import Refused, RemoteUnusable
from runner.ledger import open_read_only, open_writable, queries
from runner.ledger.facts import RemoteFacts
from runner.remote import fence
from runner.remote.copies import copies_of
from runner.remote.publish import fetch_published, published_document
from runner.remote.recover import Recovered, mark_planned_again, restore
from runner.remote.register import (
    Registered,
    RemoteDecision,
    RemoteState,
    Wanted,
    decide,
    entries,
    last_entry,
    published_folder,
)
from runner.remote.storage import Storage, open_storage
from runner.runs.folder import RunFolder
from runner.runs.folder import folder as folder_of
from runner.session.close import write_files
from runner.session.open_run import OpenRun
from runner.session.remote_run import publish_ended
from runner.system.console import say
from runner.system.counting import counted


@dataclass(frozen=True)
class RemoteStart:
    """What the remote says of a command: the run that it is, or the run that it follows."""

    storage: Storage
    brought: RunFolder | None = None  # the run is here now
    planned_again: Registered | None = None  # the run is to be planned anew, under the id of this entry
    follows: str | None = None  # the run that was registered last
    taken: frozenset[str] = frozenset()  # the ids of the runs that were registered

    @property
    def facts(self) -> RemoteFacts:
        """What a plan that is made for the command records."""
        return RemoteFacts(url=self.storage.url, follows=self.follows)


def consult(url: str, tenant: str, fingerprint: str, wanted: Wanted, runs: Path) -> RemoteStart:
    """Which run a command is; one that is elsewhere is brought here. Raises Refused, RemoteUnusable."""
    storage = open_storage(url)
    last = last_entry(storage, tenant, fingerprint)
    if last is None:
        return RemoteStart(storage)
    folder = folder_of(runs, last.entry.run)
    follows = RemoteStart(
        storage,
        follows=last.entry.run,
        taken=frozenset(entry.run for entry in entries(storage, tenant, fingerprint)),
    )
    if _is_here(folder, last):
        return follows  # what is here decides, as without a remote
    match decide(_state(storage, last), last, wanted):
        case RemoteDecision.FOLLOW:
            return follows
        case RemoteDecision.FETCH:
            bring_over(storage, last.entry.folder, folder)
            return RemoteStart(storage, brought=folder)
        case RemoteDecision.RESTORE:
            _restore_here(storage, folder, last)
            return RemoteStart(storage, brought=folder)
        case RemoteDecision.PLAN_AGAIN:
            remove_unsent_plan(folder)
            return RemoteStart(storage, planned_again=last)
        case RemoteDecision.REFUSE_EXPIRED:
            raise Refused(_expired(last, url))
        case RemoteDecision.REFUSE_UNFINISHED:
            raise Refused(
                f"run {last.entry.run} has the same inputs and is unfinished; it was begun by {last.entry.holder} at "
                f"{last.begun_at:%Y-%m-%d %H:%M:%SZ}. Leave --run-id out to continue it, or use --if-unfinished new"
            )


def bring_over(storage: Storage, target: str, folder: RunFolder) -> None:
    """Bring a run here that is over: its published folder, or else the last copy of its ledger, with views anew."""
    if published_document(storage, target) is not None:
        remove_unsent_plan(folder)
        fetch_published(storage, target, folder)
        return
    restored = restored_here(storage, folder)
    assert restored.restoration is None


def restored_here(storage: Storage, folder: RunFolder) -> Recovered:
    """Restore a ledger from its last copy; of a run that is over, the other files too. Says what it did."""
    remove_unsent_plan(folder)
    recovered = restore(storage, folder)
    for name in recovered.damaged:
        say(f"the copy {name} of run {folder.id} cannot be read; an earlier one is used", err=True)
    if recovered.restoration is None:
        with open_writable(folder.ledger) as store:
            write_files(folder, store)
        publish_if_over(folder)
        return recovered
    restoration = recovered.restoration
    doubt = (
        f"{counted(restoration.assumed, 'request')} without an outcome may have been sent since then: each is sent "
        "again under its own key while that lasts"
        if restoration.assumed
        else "the run had ended gracefully then, and nothing was sent since"
    )
    say(
        f"run {folder.id} was restored from the copy of {(restoration.copied_at or 'its start')[:19]}Z that "
        f"{restoration.machine} made; {doubt}",
        err=True,
    )
    return recovered


def mark_again(start: RemoteStart, run: OpenRun) -> None:
    """Mark a plan that was made anew: what it sends may have been sent since the run was begun."""
    again = start.planned_again
    assert again is not None
    mark_planned_again(start.storage, run.folder, again.begun_at, again.entry.machine)
    run.close()
    say(
        f"run {run.folder.id} was begun by {again.entry.holder} at {again.begun_at:%Y-%m-%d %H:%M:%SZ}, and there "
        "is no copy of its ledger: everything is sent again under the same keys, so that nothing is done twice",
        err=True,
    )


def set_follows(start: RemoteStart, folder: RunFolder) -> None:
    """Record in a plan that was made before which run it follows."""
    with open_read_only(folder.ledger) as store:
        known = store.facts().remote
    if known != start.facts and (known is None or not known.token):
        with open_writable(folder.ledger) as store:
            store.set_facts(remote=start.facts)
            folder.write_document(store)


def _state(storage: Storage, last: Registered) -> RemoteState:
    document = published_document(storage, last.entry.folder)
    if document is not None and document.status.over:
        return RemoteState.OVER
    return RemoteState.COPIED if copies_of(storage, last.entry.run) else RemoteState.LOST


def _restore_here(storage: Storage, folder: RunFolder, last: Registered) -> None:
    say(f"run {folder.id} was begun by {last.entry.holder} at {last.begun_at:%Y-%m-%d %H:%M:%SZ}", err=True)
    restored_here(storage, folder)


def _is_here(folder: RunFolder, last: Registered) -> bool:
    """Whether the run is here, and not a mere plan of the same id."""
    if not folder.ledger.exists():
        return False
    with open_read_only(folder.ledger) as store:
        facts = store.facts()
        registered = facts.remote is not None and facts.remote.token == last.entry.token
        return registered or facts.status.ended or queries.begun(store)


def publish_if_over(folder: RunFolder) -> None:
    """Publish a run that is over, if the process that ended it was killed before it could. A remote that cannot be
    reached is only mentioned: the run has ended all the same."""
    document = folder.document()
    if document is None or document.remote is None or not (document.status.over and folder.sealed):
        return
    url, target = document.remote.url, published_folder(folder.id, document.tenant, document.planned_at or "")
    try:
        storage = open_storage(url)
        if published_document(storage, target) is not None:
            return
        continued = fence.highest(storage, folder.id) > document.remote.epoch
    except (RemoteUnusable, OSError) as error:
        say(f"whether run {folder.id} is published could not be looked up: {error}", err=True)
        return
    if not continued:  # by another machine, which publishes it
        publish_ended(folder, url)


def remove_unsent_plan(folder: RunFolder) -> None:
    """Make room for the run itself: a plan from which nothing was sent can be made again."""
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (folder.path / name).unlink(missing_ok=True)


def _expired(last: Registered, url: str) -> str:
    run = last.entry.run
    return (
        f"run {run} with the same inputs was begun by {last.entry.holder} at {last.begun_at:%Y-%m-%d %H:%M:%SZ} and "
        "has not ended; its idempotency keys have expired, so that its requests could be done twice. Nothing was sent. "
        f"regen recover {run} --remote {url} continues from the last copy of its ledger, where what was sent since is "
        "unknown; --again sends everything once more"
    )
