"""Which selected rows cannot have a transaction, and why: counted by reason, never dropped unseen."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.select.tables import Items, Table
from runner.zuora.data_query.client import DataQuery
from runner.zuora.data_query.job import QueryFailedError
from runner.zuora.data_query.literals import quoted
from runner.zuora.data_query.parts import TEXTS_A_QUERY, halved

TRUE = ("Yes", "yes", "YES", "true", "True", "TRUE")
EXCLUDED = "excluded from Revenue accounting"


@dataclass(frozen=True)
class Owners:
    """The objects of a list whose items are all excluded."""

    items: Items
    is_boolean: bool
    ids: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The query. The flag is compared as its type allows, without a function on the column."""
        flag, owner = self.items.flag_column, self.items.owner
        excluded = flag if self.is_boolean else f"{flag} IN ({quoted(TRUE)})"
        return (
            f"SELECT {owner} AS owner FROM {self.items.source} WHERE {owner} IN ({quoted(self.ids)}) "  # noqa: S608
            f"GROUP BY {owner} HAVING count(*) = count(CASE WHEN {excluded} THEN 1 END)"
        )

    def halves(self) -> Sequence[Owners]:
        """Two halves of the list."""
        return tuple(replace(self, ids=half) for half in halved(self.ids))


@dataclass
class Sieve:
    """Decides about the rows of one table, and counts what it refuses."""

    table: Table
    columns: Sequence[str]
    excluded: frozenset[str] = frozenset()
    refused: Counter[str] = field(default_factory=Counter)

    def passes(self, row: Sequence[str]) -> bool:
        """Whether a row can have a transaction."""
        reason = self.barren(row) or (EXCLUDED if row[0] in self.excluded else None)
        if reason is not None:
            self.refused[reason] += 1
        return reason is None

    def barren(self, row: Sequence[str]) -> str | None:
        """Why a row cannot have a transaction by what it says itself; None if it can."""
        status = row[self.columns.index("status")]
        reason = self.table.barren.get(status)
        if reason is not None:
            return f"status {status}: {reason}"
        if self.table.flag in self.columns and row[self.columns.index(str(self.table.flag))] in TRUE:
            return EXCLUDED
        return None


async def excluded_owners(query: DataQuery, items: Items, ids: Sequence[str], path: Path) -> frozenset[str] | None:
    """The ids of those whose items are all excluded; None if this tenant does not show the flag."""
    try:
        columns = await query.columns(items.table)
    except QueryFailedError as error:
        if not error.unknown_name:
            raise
        return None
    if items.flag not in columns:
        return None
    is_boolean = columns[items.flag].startswith("boolean")
    starts = range(0, len(ids), TEXTS_A_QUERY)
    parts = [Owners(items, is_boolean, tuple(ids[at : at + TEXTS_A_QUERY])) for at in starts]
    await query.extract(path, ("owner",), parts)
    return frozenset(row[0] for row in rows_of(path))


def rows_of(path: Path) -> Iterator[list[str]]:
    """The rows of an extract, without its header."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader, None)
        yield from reader
