"""A run's part on object storage while an invocation goes on: registered, holding its epoch, copied.

```
entered ─▶ register, epoch ─▶ copy ─▶ requests … ─ watch: look, copy ─▶ finish: last copy, published folder
```

Once the run has begun, a failure of the storage is noted and never decides how the run ends.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from msgspec import structs

from runner.config.settings import Settings
from runner.domain.errors import LedgerError, Refused, RemoteUnusable, RunHeld
from runner.ledger import Facts, Pen, Store, queries
from runner.ledger.facts import RemoteFacts
from runner.remote import fence
from runner.remote.copies import CopyName, put_copy, remove_old_copies
from runner.remote.fence import EpochHolder
from runner.remote.publish import publish
from runner.remote.register import RunEntry, last_entry, published_folder, register
from runner.remote.storage import Storage, open_storage, storage_time
from runner.runs.folder import RunFolder
from runner.system.console import say
from runner.system.recovery_points import reach
from runner.system.timestamps import iso, now_microseconds
from runner.system.user import host_name, login

COPY_SHARE = 10  # a copy is followed by a pause of at least so many times its duration
Note = Callable[[str, dict[str, Any]], None]


def url_of(settings: Settings, facts: Facts) -> str:
    """The remote of a run that has one. Raises Refused if the settings name another than the run's own."""
    own = None if facts.remote is None else facts.remote.url
    if own is not None and settings.remote is not None and settings.remote != own:
        raise Refused(
            f"run {facts.run_id} is registered at {own}, not at {settings.remote}; nothing was sent. Leave "
            "--remote and REGEN_REMOTE out, or name its own: whoever looks for the run looks there"
        )
    url = own or settings.remote
    assert url is not None
    return url


class RemoteRun:
    """The run on object storage, for one invocation."""

    def __init__(self, url: str, folder: RunFolder, facts: Facts, settings: Settings) -> None:
        """Looks only. Raises RunHeld if the run was continued elsewhere, Refused if the storage cannot serve."""
        self.storage: Storage = open_storage(url)
        self.folder, self.epoch = folder, 0
        known = facts.remote or RemoteFacts(url=url)
        self._facts = structs.replace(known, token=known.token or secrets.token_hex(16))
        self._own = _holder(folder, facts, self._facts.token)
        self._number, self._superseded = 0, False
        self._copying = asyncio.Lock()
        self._copy_seconds = settings.profile.remote_copy_seconds
        self._fence_seconds = settings.profile.remote_fence_seconds
        self._failing: set[str] = set()
        storage_time(self.storage)
        fence.refuse_other_tenant(self.storage, folder.id, facts.host, facts.tenant)
        holder = fence.superseded(self.storage, folder.id, known.epoch, self._own)
        if holder is not None and known.epoch == 0:
            raise Refused(
                f"run id {folder.id} is used at {url} by {holder}, for another run; nothing was sent. Choose another "
                f"--run-id; that run is restored by regen recover {folder.id}"
            )
        if holder is not None:
            raise RunHeld(_superseded_text(folder.id, holder, url))

    @property
    def facts(self) -> dict[str, Any]:
        """What the ledger records of it at the start: the run is at home here now."""
        return {
            "remote": self._facts,
            "machine": self._own.machine,
            "folder_path": self._own.folder,
        }

    def begin(self, store: Store) -> None:
        """Register the run and take its next epoch, before anything is sent.

        Raises Refused if another run with the same inputs was registered meanwhile.
        """
        facts = store.facts()
        if facts.remote != self._facts:
            store.set_facts(
                remote=self._facts
            )  # before the entry: after a crash between them the entry is known as own
        self._register(facts, begun=queries.begun(store))
        self.epoch = fence.take(self.storage, self.folder.id, self._own)
        self._facts = structs.replace(self._facts, epoch=self.epoch)

    def _register(self, facts: Facts, *, begun: bool) -> None:
        entry = _entry(self.folder, facts, self._facts.token)
        last = last_entry(self.storage, facts.tenant, facts.fingerprint)
        if last is not None and (begun or last.entry.token == entry.token):
            return
        if last is None or (last.entry.run == self._facts.follows and last.entry.run != entry.run):
            registered = register(self.storage, entry, last)
            if registered.token == entry.token:
                return
        else:
            registered = last.entry
        raise Refused(
            f"run {registered.run} with the same inputs was begun meanwhile by {registered.holder} at "
            f"{registered.begun_at[:19]}Z; nothing was sent. The same command continues that run"
        )

    # -- while it goes on -----------------------------------------------------------------------------------------

    async def copy(self, pen: Pen, store: Store) -> None:
        """Copy the ledger as it is now. Raises RemoteUnusable, LedgerError, OSError."""
        async with self._copying:
            await pen.call(partial(store.set_facts, copied_at=iso(now_microseconds())))
            await asyncio.to_thread(self._put)

    async def watch(self, pen: Pen, store: Store, note: Note, end: Callable[[str], None]) -> None:
        """Look who holds the run, and copy the ledger, again and again; `end` is called once if the run is
        superseded."""
        looked = copied = time.monotonic()
        wait = self._copy_seconds
        while True:
            due = min(looked + self._fence_seconds, copied + wait)
            await asyncio.sleep(max(0.01, due - time.monotonic()))
            if time.monotonic() >= looked + self._fence_seconds:
                looked = time.monotonic()
                await self._tried("fence", note, self._look(end))
                if self._superseded:
                    return
            if (begun := time.monotonic()) >= copied + wait:
                await self._tried("copy", note, self.copy(pen, store))
                copied = time.monotonic()
                wait = max(self._copy_seconds, COPY_SHARE * (copied - begun))

    async def _look(self, end: Callable[[str], None]) -> None:
        holder = await asyncio.to_thread(self._superseding)
        if holder is not None and not self._superseded:
            self._superseded = True
            end(_superseded_text(self.folder.id, holder, self.storage.url))

    async def _tried(self, what: str, note: Note, attempt: Awaitable[None]) -> None:
        """Await something of the storage; that it fails, and that it works again, is noted once."""
        try:
            await attempt
        except (RemoteUnusable, OSError) as error:
            if what not in self._failing:
                self._failing.add(what)
                note("remote-failing", {"what": what, "reason": str(error)})
            return
        except LedgerError:  # whoever writes the ledger reports it
            return
        if what in self._failing:
            self._failing.remove(what)
            note("remote-back", {"what": what})

    def _superseding(self) -> EpochHolder | None:
        last = fence.highest(self.storage, self.folder.id)
        return None if last <= self.epoch else fence.holder_of(self.storage, self.folder.id, last)

    def _put(self) -> None:
        put_copy(self.storage, self.folder.id, CopyName(self.epoch, self._number), self.folder.ledger)
        self._number += 1
        remove_old_copies(self.storage, self.folder.id)

    # -- at the end -----------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """The last copy, and the sealed folder, unless another machine holds the run by now."""
        try:
            if self._superseded or self._superseding() is not None:
                return
            self._put()
            reach("copied-at-end")
            if self.folder.sealed:
                publish(self.storage, self.folder)
        except (RemoteUnusable, Refused, LedgerError, OSError) as error:
            _say_unpublished(self.folder, self.storage.url, error)


def publish_ended(folder: RunFolder, url: str) -> None:
    """Publish a run that has ended without being published: until then its remote knows it as unfinished. A failure
    is printed with its remedy."""
    try:
        publish(open_storage(url), folder)
    except (RemoteUnusable, Refused, OSError) as error:
        _say_unpublished(folder, url, error)


def _say_unpublished(folder: RunFolder, url: str, error: Exception) -> None:
    say(
        f"run {folder.id} has ended, but is not published: {error}. Once that is fixed: "
        f"regen publish {folder.id} --remote {url}",
        err=True,
    )


def _holder(folder: RunFolder, facts: Facts, token: str) -> EpochHolder:
    return EpochHolder(
        host=facts.host,
        tenant=facts.tenant,
        token=token,
        machine=host_name(),
        folder=str(folder.path.resolve()),
        process=os.getpid(),
        user=login(),
        at=iso(now_microseconds()),
    )


def _entry(folder: RunFolder, facts: Facts, token: str) -> RunEntry:
    return RunEntry(
        run=folder.id,
        host=facts.host,
        tenant=facts.tenant,
        fingerprint=facts.fingerprint,
        folder=published_folder(folder.id, facts.tenant, facts.planned_at or ""),
        begun_at=iso(now_microseconds()),
        machine=host_name(),
        user=login(),
        process=os.getpid(),
        token=token,
    )


def _superseded_text(run: str, holder: EpochHolder, url: str) -> str:
    return (
        f"run {run} was continued by {holder}: its ledger there is the later one, and nothing more is sent from here. "
        f"To go on here: stop it there, then regen recover {run} --remote {url}"
    )
