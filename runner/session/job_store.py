"""The ledger as whoever follows jobs sees it: the parts to upload, what was created, how far it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from runner.domain.errors import LedgerUnusable
from runner.domain.model import Request
from runner.ledger import Pen, Store, jobs
from runner.plan.backfill import csv_bytes, zipped
from runner.system.timestamps import now_microseconds
from runner.zuora.jobs.poller import Follower
from runner.zuora.jobs.state import Case, Upload


class _Body(msgspec.Struct):
    type: str


class JobBook:
    """Reads and writes on the pen's thread."""

    def __init__(self, pen: Pen, store: Store) -> None:
        self._pen, self._store = pen, store

    async def upload(self, request: Request) -> Upload:
        """The part that a request uploads, made again from its rows. Raises LedgerUnusable if they were changed."""
        return await self._pen.call(upload_of, self._store, request)

    async def note(self, request: Request, name: str) -> None:
        """Note what a request created; returns once it is on disk."""
        await self._pen.call(jobs.note, self._store, request.number, name, now_microseconds())

    async def tell(self, request: Request, status: str, counts: Mapping[str, Any]) -> None:
        """Note how far it has come."""
        await self._pen.call(jobs.tell, self._store, request.number, status, counts)


class Tail:
    """Follows the jobs of one step."""

    def __init__(self, follower: Follower, to_create: int) -> None:
        self._follower = follower
        self._to_create = to_create
        self.send, self.judge = follower.send, follower.judge

    @classmethod
    async def of_step(cls, follower: Follower, pen: Pen, store: Store, step: int, *, resend: bool) -> Tail:
        """Take up what earlier invocations created, or left in doubt."""
        first: dict[int, str | None] = {}  # of each lane: what its first request has created
        for waiting in await pen.call(jobs.unsettled, store, step):
            first.setdefault(waiting.lane, waiting.job)
            doubtful = waiting.part and waiting.doubtful
            follower.cases[waiting.request] = Case(waiting.job, doubtful, resend and waiting.reported)
        return cls(follower, sum(name is None for name in first.values()))

    @property
    def all_created(self) -> bool:
        """Whether all that may be under way at once was created by earlier invocations, and some of it still is."""
        return self._to_create == 0 and any(case.job is not None for case in self._follower.cases.values())

    def attend(self, show: Callable[[str, int, int], None], created: Callable[[], None] | None) -> None:
        """Show how far jobs are; say when all that may be under way at once are created."""
        self._follower.show = show

        def count() -> None:
            self._to_create -= 1
            if self._to_create == 0 and created is not None:
                created()

        self._follower.created = count


def upload_of(store: Store, request: Request) -> Upload:
    """The part that a request uploads."""
    part = jobs.part(store, request.number)
    if part is None:
        raise LedgerUnusable(f"{store.path}: request {request.number} has no part")
    header = jobs.header(store, part.manifest)
    rows = list(jobs.rows(store, request.number))
    content = csv_bytes(header, (cells for _, cells in rows))
    if hashlib.sha256(content).hexdigest() != part.sha256:
        raise LedgerUnusable(f"{store.path}: the rows of {part.file} are not those that were planned")
    lines = {str(cells[part.id_column] or "").strip(): line for line, cells in rows}
    type_ = msgspec.json.decode(request.body or b"{}", type=_Body).type
    packed = zipped(part.file.removesuffix("zip") + "csv", content) if part.zipped else content
    return Upload(type_, part.file, packed, lines, header[part.id_column], len(content))
