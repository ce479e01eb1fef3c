"""What Zuora Revenue holds of a run's lines: received, collected, with which errors. Here by Data Query.

Facts: RevenueLineStaging holds what was received and not yet processed, RevenueLineStagingHistory what was processed
into contract lines; RevenueLineStageErrors.StgId is the staging line's Id. The names of the other columns are not
published: `SHOW COLUMNS` is asked, and they are known by what they mean. Booking: SalesOrderLineId is Revenue's sales
order line id; billing: DocumentLineId is its invoice line id ("Booking data mapping").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.audit.printed_times import moments
from runner.audit.sent_rows import plain_id
from runner.audit.transaction_match import UNTIMED
from runner.zuora.data_query.client import DataQuery
from runner.zuora.data_query.job import QueryFailedError
from runner.zuora.data_query.literals import spellings
from runner.zuora.data_query.parts import texts

STAGING, HISTORY = "revenuelive.revenuelinestaging", "revenuelive.revenuelinestaginghistory"
ERRORS = "revenuelive.revenuelinestageerrors"
CONTRACT_LINES = {
    "booking-transaction": "revenuelive.revenuecontractlinesdimensions",
    "billing-transaction": "revenuelive.revenuecontractbillsdimensions",
}
LINE_COLUMNS = {
    "booking-transaction": ("solineid", "salesorderlineid", "rcsolineid"),
    "billing-transaction": ("invlineid", "invoicelineid", "rcinvlineid"),
}
INVOICE_LINE = LINE_COLUMNS["billing-transaction"]
CREATED = ("crtddt", "createddate", "createddt", "createdon")
STAGING_ID, MESSAGE = ("stgid", "staginglineid"), ("errmsg", "errormessage", "message")


@dataclass(frozen=True)
class RevenueLine:
    """A line in a table of Revenue. `created` in microseconds, `UNTIMED` where that is not known."""

    line: str  # the sales order line's or invoice line's id, without hyphens
    created: int
    errors: tuple[str, ...] = ()


@dataclass
class RevenueLines:
    """What was seen, and what could not be looked at, with the tenant's reason.

    `staging` are lines that wait or have errors; where only errors are seen (`sees_errors` alone), lines with errors.
    """

    staging: list[RevenueLine] = field(default_factory=list)
    processed: list[RevenueLine] = field(default_factory=list)
    sees_staging: bool = False
    sees_errors: bool = False
    sees_processed: bool = False
    only_contracts: bool = False  # a line of a contract does not change when its booking is collected again
    unseen: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether everything was looked at."""
        return self.sees_staging and self.sees_errors and self.sees_processed and not self.only_contracts

    def completed_by(self, other: RevenueLines) -> RevenueLines:
        """What another way of looking adds to it."""
        processed = other if other.sees_processed and (self.only_contracts or not self.sees_processed) else self
        return RevenueLines(
            staging=self.staging + ([] if self.sees_errors else other.staging),
            processed=processed.processed,
            sees_staging=self.sees_staging,
            sees_errors=self.sees_errors or other.sees_errors,
            sees_processed=processed.sees_processed,
            only_contracts=processed.only_contracts,
            unseen=[*self.unseen, *other.unseen],
        )


async def look_up(tenant: DataQuery, folder: Path, operation: str, lines: Sequence[str]) -> RevenueLines:
    """Look the lines up (ids as Billing shows them). Raises nothing for a table that the tenant does not show."""
    seen = RevenueLines()
    lookup = _Lookup(tenant, folder, operation, lines, seen)
    staging = await lookup.lines_of(STAGING, with_id=True)
    if staging is not None:
        seen.sees_staging = True
        errors = await lookup.errors_of([each.id for each in staging])
        seen.sees_errors = errors is not None
        seen.staging = [
            RevenueLine(each.line, each.created, tuple((errors or {}).get(each.id, ()))) for each in staging
        ]
    processed = await lookup.lines_of(HISTORY)
    if processed is None:
        processed = await lookup.lines_of(CONTRACT_LINES[operation])
        seen.only_contracts = processed is not None
    if processed is not None:
        seen.sees_processed = True
        seen.processed = [RevenueLine(each.line, each.created) for each in processed]
    return seen


@dataclass(frozen=True)
class _Row:
    id: str
    line: str
    created: int


@dataclass(frozen=True)
class _Lookup:
    tenant: DataQuery
    folder: Path
    operation: str
    lines: Sequence[str]
    seen: RevenueLines

    async def lines_of(self, table: str, *, with_id: bool = False) -> list[_Row] | None:
        """The lines in a table; None, with a reason in `unseen`, if they cannot be looked at."""
        columns = await self._columns(table)
        if columns is None:
            return None
        wanted = {
            "line": _first(columns, LINE_COLUMNS[self.operation]),
            "created": _first(columns, CREATED),
            "id": "id" if with_id and "id" in columns else None,
            "invoice": _first(columns, INVOICE_LINE) if self.operation == "booking-transaction" else None,
        }
        if wanted["line"] is None or (with_id and wanted["id"] is None):
            self.seen.unseen.append(f"{table}: no column is known to name the lines; it has {', '.join(columns)[:200]}")
            return None
        spelled = sorted({text for line in self.lines for text in _spellings(line)})
        rows = await self._rows(
            table, wanted["line"], {name: name_ for name, name_ in wanted.items() if name_}, spelled
        )
        return None if rows is None else _lines(rows)

    async def errors_of(self, ids: Sequence[str]) -> dict[str, list[str]] | None:
        """The messages by the ids of staging lines; None if they cannot be looked at."""
        columns = await self._columns(ERRORS)
        staging_id, message = (_first(columns or {}, names) for names in (STAGING_ID, MESSAGE))
        if columns is None:
            return None
        if staging_id is None or message is None:
            self.seen.unseen.append(f"{ERRORS}: no column is known to name the line or the error")
            return None
        rows = await self._rows(ERRORS, staging_id, {"id": staging_id, "message": message}, sorted(set(ids)))
        if rows is None:
            return None
        errors: dict[str, list[str]] = {}
        for row in rows:
            errors.setdefault(row["id"], []).append(row["message"])
        return errors

    async def _columns(self, table: str) -> Mapping[str, str] | None:
        try:
            return await self.tenant.columns(table)
        except QueryFailedError as error:
            self.seen.unseen.append(f"{table}: {error}")
            return None

    async def _rows(
        self, table: str, key: str, wanted: Mapping[str, str], values: Sequence[str]
    ) -> list[dict[str, str]] | None:
        import csv

        names = list(dict.fromkeys(wanted.values()))
        path = self.folder / f"query-{table.rpartition('.')[2]}-{self.operation}.csv"
        select = f"SELECT {', '.join(names)} FROM {table}"  # noqa: S608 - names that the tenant itself states
        try:
            await self.tenant.extract(path, names, texts(select, key, values))
        except QueryFailedError as error:
            self.seen.unseen.append(f"{table}: {error}")
            return None
        with path.open(encoding="utf-8", newline="") as file:
            return [{name: row[column] for name, column in wanted.items()} for row in csv.DictReader(file)]


def _lines(rows: Sequence[Mapping[str, str]]) -> list[_Row]:
    """Lines of bookings are those without an invoice line: an invoice's line names its sales order line, too."""
    rows = [row for row in rows if not row.get("invoice")]
    created = created_at([row.get("created", "") for row in rows], None)
    return [_Row(row.get("id", ""), plain_id(row["line"]), at) for row, at in zip(rows, created, strict=True)]


def created_at(texts: Sequence[str], zone: str | None) -> list[int]:
    """Printed times in microseconds; `UNTIMED` where one cannot be read. `zone` is that of times without one."""
    import pandas as pd

    times, readable = moments(pd.Series(texts, dtype=object), zone=zone)
    return [time if known else UNTIMED for time, known in zip(times.tolist(), readable.tolist(), strict=True)]


def _first(columns: Mapping[str, str], names: Sequence[str]) -> str | None:
    """The column that has one of these names, underscores aside."""
    plain = {column.replace("_", ""): column for column in columns}
    return next((plain[name] for name in names if name in plain), None)


def _spellings(line: str) -> set[str]:
    """`<id>.<segment>` or an id, as Billing or Revenue may spell it."""
    identifier, dot, segment = plain_id(line).partition(".")
    return {line, *(text + dot + segment for text in spellings(identifier))}
