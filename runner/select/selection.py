"""One selection from end to end: SQL, extract, refusals, manifest, sidecar, pending window."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import manifests
from manifests import ManifestError
from runner.config.connection import tenant_of, wire_of
from runner.config.settings import Settings
from runner.domain.errors import Refused
from runner.plan.transaction_ids import refuse_transaction_ids
from runner.select import watermark as watermarks
from runner.select.exclusions import Sieve, excluded_owners, rows_of
from runner.select.manifest_file import (
    Counts,
    RowWriter,
    Sidecar,
    digest_of,
    refuse_foreign,
    write_sidecar,
    writing,
)
from runner.select.query import Whole, Window, part_of, selected_columns
from runner.select.request import LAST, Query, SelectRequest, moment_of, query_of
from runner.select.tables import ID, UPDATED, Table
from runner.select.watermark import OVERLAP, SAME_MOMENT, Pending, Updates, Watermark
from runner.system.timestamps import iso, now_microseconds
from runner.zuora.client import connected
from runner.zuora.data_query.client import DataQuery


@dataclass(frozen=True)
class Plan:
    """What is known before the tenant is asked: the query, its times, and the watermark that it belongs to."""

    request: SelectRequest
    query: Query
    since: int | None  # of the window that a run will confirm
    until: int
    host: str
    tenant: str
    watermark: Watermark | None
    state: Path  # the watermark's file

    @property
    def queried_since(self) -> int | None:
        """From when rows are queried: some minutes before the watermark, since Data Query may lag."""
        is_last = (self.request.updated_since or "").lower() == LAST
        return self.since - OVERLAP if is_last and self.since is not None else self.since

    def part(self, *, flag: bool) -> Window | Whole:
        """The query, before it is divided."""
        flag = flag and self.query.table is not None and self.query.table.flag is not None
        return part_of(self.query.statement(flag=flag), self.queried_since, self.until)


def preview(request: SelectRequest, settings: Callable[[], Settings]) -> str:
    """The SQL of a request, before it is divided. The settings are needed only where a watermark is."""
    if (request.updated_since or "").lower() == LAST:
        return planned(request, settings()).part(flag=True).sql
    query, until = query_of(request), now_microseconds()
    flag = query.table is not None and query.table.flag is not None
    return part_of(query.statement(flag=flag), _since(request, None, until), until).sql


def planned(request: SelectRequest, settings: Settings, now: int | None = None) -> Plan:
    """Everything that can be refused without asking the tenant. Raises Refused."""
    until = now_microseconds() if now is None else now
    query = query_of(request)
    host, tenant = settings.host, tenant_of(settings)
    state = watermarks.path_of(settings.runs_dir, request.stem, host, tenant)
    watermark = None if request.updated_since is None else watermarks.load(state, settings.runs_dir)
    if watermark is not None and watermark.query != query.identity:
        raise Refused(
            f"the name {request.stem!r} belongs to a selection with other filters; give this one a --name of its own"
        )
    since = _since(request, watermark, until)
    if since is not None and watermark is None:
        watermark = Watermark(name=request.stem, host=host, tenant=tenant, query=query.identity, since=since)
    return Plan(request, query, since, until, host, tenant, watermark, state)


def _since(request: SelectRequest, watermark: Watermark | None, until: int) -> int | None:
    if request.updated_since is None:
        return None
    if request.updated_since.lower() != LAST:
        return moment_of(request.updated_since, until)
    if watermark is None:
        raise Refused(
            f"there is no earlier selection named {request.stem!r} of this tenant: begin with --updated-since DATE; "
            "once a run has confirmed its rows, `last` goes on from there"
        )
    return watermark.since


def select(plan: Plan, settings: Settings) -> Sidecar:
    """Make the manifest, its sidecar, and note the window that a run is to confirm.

    Raises QueryFailedError if the tenant does not answer, Refused for what cannot be written.
    """

    async def connected_selection() -> Sidecar:
        async with connected(wire_of(settings)) as client:
            return await selected(plan, DataQuery(client))

    return asyncio.run(connected_selection())


async def selected(plan: Plan, query: DataQuery) -> Sidecar:
    """As `select`, over an open connection."""
    manifest = plan.request.path
    refuse_foreign(manifest)
    with tempfile.TemporaryDirectory(prefix="regen-select-") as folder:
        selection = _Selection(plan, query, Path(folder))
        await selection.run(manifest)
    sidecar = Sidecar(
        manifest=str(manifest),
        sha256=digest_of(manifest),
        type=plan.query.type,
        name=plan.request.stem,
        query=selection.sql,
        time=iso(plan.until),
        since=None if plan.since is None else iso(plan.since),
        until=iso(plan.until),
        host=plan.host,
        tenant=plan.tenant,
        counts=selection.counts,
        notes=tuple(selection.notes),
    )
    write_sidecar(manifest, sidecar)
    if plan.watermark is not None:
        watermarks.save(plan.state, plan.watermark.with_pending(_pending(plan, sidecar, selection.recent)))
    return sidecar


def _pending(plan: Plan, sidecar: Sidecar, recent: Updates) -> Pending:
    assert plan.since is not None
    path, rows = str(Path(sidecar.manifest).absolute()), sidecar.counts.rows
    return Pending(since=plan.since, until=plan.until, sha256=sidecar.sha256, path=path, rows=rows, recent=recent)


class _Selection:
    """The rows of one selection on their way into its manifest."""

    def __init__(self, plan: Plan, query: DataQuery, folder: Path) -> None:
        self._plan, self._query, self._folder = plan, query, folder
        self._table = plan.query.table
        self._refused: Counter[str] = Counter()
        self._selected = self._rows = self._confirmed_before = 0
        self.sql = ""
        self.notes: list[str] = []
        self.recent: Updates = {}

    @property
    def counts(self) -> Counts:
        """What became of the rows of the answer."""
        return Counts(
            selected=self._selected,
            rows=self._rows,
            refused=dict(sorted(self._refused.items())),
            confirmed_before=self._confirmed_before,
        )

    async def run(self, manifest: Path) -> None:
        """Ask, refuse, write."""
        if self._table is None:
            await self._own_query(manifest)
        else:
            await self._query_of(self._table, manifest)

    async def _query_of(self, table: Table, manifest: Path) -> None:
        flag = table.flag is not None and table.flag in await self._query.columns(table.sql_name)
        if table.flag is not None and not flag:
            self.notes.append(
                f"the tenant's table {table.name} does not show {table.flag}: nothing was left out for it"
            )
        part, columns = self._plan.part(flag=flag), selected_columns(table, flag=flag)
        self.sql = part.sql
        extract = self._folder / "objects.csv"
        await self._query.extract(extract, columns, [part])
        sieve = Sieve(table, columns, await self._excluded(table, columns, extract), self._refused)
        shown = list(table.columns)
        with writing(manifest, shown) as write:
            for row in rows_of(extract):
                self._selected += 1
                if not self._is_confirmed(row[0], row[columns.index(UPDATED)]) and sieve.passes(row):
                    self._write(write, row[: len(shown)])

    def _note_flag(self, table: str, flag: str) -> None:
        self.notes.append(f"the tenant's table {table} does not show {flag}: nothing was left out for it")

    async def _excluded(self, table: Table, columns: Sequence[str], extract: Path) -> frozenset[str]:
        """The objects whose items are all excluded."""
        if table.items is None:
            return frozenset()
        sieve = Sieve(table, columns)
        ids = [row[0] for row in rows_of(extract) if sieve.barren(row) is None]
        if not ids:
            return frozenset()
        excluded = await excluded_owners(self._query, table.items, ids, self._folder / "excluded.csv")
        if excluded is None:
            self._note_flag(table.items.table, table.items.flag)
        return excluded or frozenset()

    async def _own_query(self, manifest: Path) -> None:
        part = self._plan.part(flag=False)
        self.sql = part.sql
        extract = self._folder / "objects.csv"
        columns = await self._query.extract_as_named(extract, [part]) or self._empty_header()
        self._refuse_header(columns)
        keys = [columns.index(name) if name in columns else None for name in (ID, UPDATED)]
        with writing(manifest, columns) as write:
            for row in rows_of(extract):
                self._selected += 1
                id_, updated = ("" if at is None else row[at] for at in keys)
                if not (id_ and self._is_confirmed(id_, updated)):
                    self._write(write, row)

    def _empty_header(self) -> list[str]:
        """Of an answer that has not even a header."""
        return manifests.template(self._plan.query.type).strip().split(",")

    def _refuse_header(self, columns: Sequence[str]) -> None:
        path = str(self._plan.request.sql_file)
        refuse_transaction_ids(columns, path)
        try:
            manifests.checker(columns, path=path, type=self._plan.query.type)
        except ManifestError as error:
            raise Refused(f"{error} (the columns of the answer: {', '.join(columns)})") from error

    def _is_confirmed(self, id_: str, updated: str) -> bool:
        """Whether this very state of an object was confirmed already; keeps it in mind if it is a recent one."""
        moment = _microseconds(updated)
        if moment is None or self._plan.watermark is None:
            return False
        if self._plan.until - OVERLAP - SAME_MOMENT <= moment <= self._plan.until - SAME_MOMENT:
            self.recent[id_] = moment
        confirmed = self._plan.watermark.recent.get(id_) == moment
        self._confirmed_before += confirmed
        return confirmed

    def _write(self, write: RowWriter, row: Sequence[str]) -> None:
        write(row)
        self._rows += 1


def _microseconds(text: str) -> int | None:
    """A time as an answer has it: in the tenant's zone, with its offset; None if it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else round(moment.timestamp() * 1_000_000)
