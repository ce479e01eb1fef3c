"""One selection from end to end: SQL, extract, refusals, manifest, sidecar, pending window."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.config.connection import tenant_of, wire_of
from runner.config.settings import Settings
from runner.domain.errors import Refused
from runner.runs.seal import sha256_of
from runner.select import watermark as watermarks
from runner.select.backfilled import Way, parts_of
from runner.select.extraction import Extraction
from runner.select.manifest_file import Sidecar, refuse_foreign, write_sidecar
from runner.select.query import Whole, Window, part_of
from runner.select.request import LAST, Query, SelectRequest, moment_of, query_of
from runner.select.watermark import OVERLAP, Pending, Updates, Watermark
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

    def parts(self, *, flag: bool) -> list[Window | Whole]:
        """The query, before it is divided; behind it that of the objects' lines where they count."""
        flag = flag and self.query.table is not None and self.query.table.flag is not None
        return [part_of(sql, self.queried_since, self.until) for sql in self.query.statements(flag=flag)]


def preview(request: SelectRequest, settings: Callable[[], Settings]) -> str:
    """The SQL of a request, before it is divided. The settings are needed only where a watermark is."""
    if (request.updated_since or "").lower() == LAST:
        parts = planned(request, settings()).parts(flag=True)
    else:
        query, until = query_of(request), now_microseconds()
        flag = query.table is not None and query.table.flag is not None
        since = _since(request, None, until)
        parts = [part_of(sql, since, until) for sql in query.statements(flag=flag)]
    return ";\n".join(part.sql for part in parts)


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
    if watermark is None and request.begin is not None:
        return moment_of(request.begin, until)
    if watermark is None:
        raise Refused(
            f"there is no earlier selection named {request.stem!r} of this tenant: begin with --updated-since DATE, or "
            "add --begin DATE; once a run has confirmed its rows, `last` continues from there"
        )
    return watermark.since


def select(plan: Plan, settings: Settings, origin: str | None = None) -> Sidecar:
    """Make the manifest, its sidecar, and note the window that a run is to confirm. `origin` goes into the sidecar.

    Raises QueryFailedError if the tenant does not answer, Refused for what cannot be written.
    """

    async def extracted(extraction: Extraction) -> None:
        await _run(extraction, plan, plan.request.path)

    about = About(plan.query.type, plan.request.stem, plan.since, plan.until, origin)
    confirmed = plan.watermark.recent if plan.watermark else {}
    sidecar, extraction = _made(plan.request.path, settings, about, extracted, confirmed)
    if plan.watermark is not None:
        watermarks.save(plan.state, plan.watermark.with_pending(_pending(plan, sidecar, extraction.recent)))
    return sidecar


def follow_records(way: Way, ids: Sequence[str], manifest: Path, settings: Settings, origin: str) -> Sidecar:
    """Make the manifest of the objects whose records are listed by their ids. Raises as `select` does."""

    async def extracted(extraction: Extraction) -> None:
        await extraction.of_table(way.table(), lambda flag: parts_of(way, ids, flag=flag), manifest)

    about = About(way.type, manifest.stem, None, now_microseconds(), origin)
    return _made(manifest, settings, about, extracted, {})[0]


@dataclass(frozen=True)
class About:
    """What a sidecar says of a selection besides its counts."""

    type: str
    name: str
    since: int | None
    until: int
    origin: str | None


def _made(
    manifest: Path,
    settings: Settings,
    about: About,
    extracted: Callable[[Extraction], Awaitable[None]],
    confirmed: Updates,
) -> tuple[Sidecar, Extraction]:
    """Write a manifest over a connection of its own, and its sidecar."""
    refuse_foreign(manifest)

    async def over_a_connection() -> Extraction:
        async with connected(wire_of(settings)) as client:
            with tempfile.TemporaryDirectory(prefix="regen-select-") as folder:
                extraction = Extraction(DataQuery(client), Path(folder), about.until, confirmed)
                await extracted(extraction)
                return extraction

    extraction = asyncio.run(over_a_connection())
    sidecar = Sidecar(
        manifest=str(manifest),
        sha256=sha256_of(manifest),
        type=about.type,
        name=about.name,
        query=extraction.sql,
        time=iso(about.until),
        since=None if about.since is None else iso(about.since),
        until=iso(about.until),
        host=settings.host,
        tenant=tenant_of(settings),
        counts=extraction.counts,
        notes=tuple(extraction.notes),
        origin=about.origin,
    )
    write_sidecar(manifest, sidecar)
    return sidecar, extraction


async def _run(extraction: Extraction, plan: Plan, manifest: Path) -> None:
    table = plan.query.table
    if table is None:
        (part,) = plan.parts(flag=False)
        await extraction.of_own_query(part, plan.query.type, str(plan.request.sql_file), manifest)
    else:
        lines = plan.query.filters.lines
        await extraction.of_table(table, lambda flag: plan.parts(flag=flag), manifest, lines=lines)


def _pending(plan: Plan, sidecar: Sidecar, recent: Updates) -> Pending:
    assert plan.since is not None
    path, rows = str(Path(sidecar.manifest).absolute()), sidecar.counts.rows
    return Pending(since=plan.since, until=plan.until, sha256=sidecar.sha256, path=path, rows=rows, recent=recent)
