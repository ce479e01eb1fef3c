"""`regen recover`: the run that is meant, found at the remote and restored here."""

from __future__ import annotations

from pathlib import Path

from runner.config.settings import Flags, remote_of
from runner.domain.errors import Refused
from runner.ledger import open_read_only
from runner.remote import fence
from runner.remote.copies import LEDGERS
from runner.remote.publish import published_document
from runner.remote.register import published_folder
from runner.remote.storage import Storage, open_storage
from runner.runs.folder import RunFolder
from runner.runs.folder import folder as folder_of
from runner.runs.lookup import LAST
from runner.session.remote_start import bring_over, restored_here
from runner.system.console import say
from runner.system.timestamps import iso, now_microseconds

SUPERSEDED = ".superseded"  # in the runs folder: folders of runs that were continued elsewhere
SHOWN = 5


def recovered(flags: Flags, runs: Path, name: str) -> RunFolder:
    """The folder of a run, restored from its remote. Raises Refused if there is nothing to restore, or it is here."""
    url = remote_of(flags)
    if url is None:
        raise Refused("no remote: give --remote, REGEN_REMOTE or a profile (--profile) with `remote`")
    storage = open_storage(url)
    folder = folder_of(runs, _full_id(storage, name))
    with folder.lock():
        if folder.ledger.exists():
            _move_superseded(storage, folder)
        restored_here(storage, folder)
        _fetch_if_published(storage, folder)
    return folder


def _full_id(storage: Storage, name: str) -> str:
    """The id of the one run with copies that is named, or begins so."""
    known = storage.folders(LEDGERS)
    if name in known:
        return name
    matches = [run for run in known if run.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        last = ", ".join(sorted(known)[-SHOWN:])
        why = ": a remote has the runs of every machine, so name the run" if name == LAST else ""
        raise Refused(
            f"remote {storage.url} has no copy of a ledger of run {name!r}{why}"
            + (f"; the last ones: {last}" if last else "")
        )
    raise Refused(f"{len(matches)} runs at {storage.url} begin with {name!r}: {', '.join(matches[:SHOWN])}; write more")


def _move_superseded(storage: Storage, folder: RunFolder) -> None:
    """Move a folder out of the way whose run was continued elsewhere. Raises Refused if this ledger is the latest."""
    with open_read_only(folder.ledger) as store:
        facts = store.facts()
    if facts.remote is None or fence.highest(storage, folder.id) <= facts.remote.epoch:
        raise Refused(f"run {folder.id} is here, and nobody continued it: regen resume {folder.id}")
    aside = folder.path.parent / SUPERSEDED / f"{folder.id}-{iso(now_microseconds()).replace(':', '')}"
    aside.parent.mkdir(mode=0o700, exist_ok=True)
    folder.path.rename(aside)
    say(f"the run folder that was here is older than the copy, and was moved to {aside}", err=True)


def _fetch_if_published(storage: Storage, folder: RunFolder) -> None:
    """Of a run that is over the published folder itself, rather than views made anew from the last copy."""
    document = folder.document()
    if document is None or not document.status.over:
        return
    target = published_folder(folder.id, document.tenant, document.planned_at or "")
    if published_document(storage, target) is not None:
        bring_over(storage, target, folder)
