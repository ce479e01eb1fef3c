"""The ledger as whoever follows jobs sees it: the parts to upload, what was created, how far it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from runner.domain.errors import LedgerUnusable
from runner.domain.model import Request
from runner.ledger import Pen, Store, jobs
from runner.plan.backfill import csv_bytes, zipped
from runner.system.timestamps import now_microseconds
from runner.zuora.jobs.state import Upload


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
