"""The rows of a selection on their way from the tenant into a manifest: each is written or counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import manifests
from manifests import ManifestError
from runner.domain.errors import Refused
from runner.plan.transaction_ids import refuse_transaction_ids
from runner.select.exclusions import Sieve, excluded_owners, rows_of
from runner.select.manifest_file import Counts, RowWriter, writing
from runner.select.query import selected_columns
from runner.select.tables import ID, UPDATED, Table
from runner.select.watermark import OVERLAP, SAME_MOMENT, Updates
from runner.zuora.data_query.client import DataQuery
from runner.zuora.data_query.job import QueryFailedError
from runner.zuora.data_query.parts import Part


class Extraction:
    """The rows of one selection on their way into its manifest."""

    def __init__(self, query: DataQuery, folder: Path, until: int, confirmed: Updates) -> None:
        self._query, self._folder, self._until, self._confirmed = query, folder, until, confirmed
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

    async def of_table(
        self, table: Table, parts: Callable[[bool], Sequence[Part]], manifest: Path, *, lines: bool = False
    ) -> None:
        """The objects of a table. `parts` makes the queries, with the table's flag or without it; with `lines` the last
        of them is that of the objects' lines."""
        flag = table.flag is not None and table.flag in await self._query.columns(table.sql_name)
        if table.flag is not None and not flag:
            self.notes.append(
                f"the tenant's table {table.name} does not show {table.flag}: nothing was left out for it"
            )
        queries, columns = parts(flag), selected_columns(table, flag=flag)
        if lines and not await self._shows_lines(table):
            queries = queries[:-1]
        self.sql = ";\n".join(query.sql for query in (queries if lines else queries[:1]))
        extract = self._folder / "objects.csv"
        await self._query.extract(extract, columns, queries)
        updated = columns.index(UPDATED)
        newest = _newest(extract, updated) if lines else {}
        sieve = Sieve(table, columns, await self._excluded(table, columns, extract), self._refused)
        shown = list(table.columns)
        seen: set[str] = set()  # several records may lead to one object
        with writing(manifest, shown) as write:
            for row in rows_of(extract):
                if row[0] in seen or newest.get(row[0], row[updated]) != row[updated]:
                    continue
                seen.add(row[0])
                self._selected += 1
                if not self._is_confirmed(row[0], row[updated]) and sieve.passes(row):
                    self._write(write, row[: len(shown)])

    async def _shows_lines(self, table: Table) -> bool:
        """Whether the tenant shows when the lines of objects were updated; notes it if not."""
        assert table.lines is not None
        try:
            columns = await self._query.columns(table.lines.table)
        except QueryFailedError as error:
            if not error.unknown_name:
                raise
            columns = {}
        if UPDATED not in columns:
            self.notes.append(
                f"the tenant does not show when rows of {table.lines.table} were updated: only changes of "
                f"the objects themselves were selected"
            )
        return UPDATED in columns

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

    async def of_own_query(self, part: Part, type: str, path: str, manifest: Path) -> None:
        """What a query of the person's own returns; `path` is its file. Raises Refused if it names no objects."""
        self.sql = part.sql
        extract = self._folder / "objects.csv"
        columns = await self._query.extract_as_named(extract, [part]) or manifests.template(type).strip().split(",")
        _refuse_header(columns, type, path)
        keys = [columns.index(name) if name in columns else None for name in (ID, UPDATED)]
        with writing(manifest, columns) as write:
            for row in rows_of(extract):
                self._selected += 1
                id_, updated = ("" if at is None else row[at] for at in keys)
                if not (id_ and self._is_confirmed(id_, updated)):
                    self._write(write, row)

    def _is_confirmed(self, id_: str, updated: str) -> bool:
        """Whether this very state of an object was confirmed already; keeps it in mind if it is a recent one."""
        moment = _microseconds(updated)
        if moment is None:
            return False
        if self._until - OVERLAP - SAME_MOMENT <= moment <= self._until - SAME_MOMENT:
            self.recent[id_] = moment
        confirmed = self._confirmed.get(id_) == moment
        self._confirmed_before += confirmed
        return confirmed

    def _write(self, write: RowWriter, row: Sequence[str]) -> None:
        write(row)
        self._rows += 1


def _newest(extract: Path, updated: int) -> dict[str, str]:
    """When each object of an extract was last updated, it or a line of it, as the extract writes it."""
    newest: dict[str, str] = {}
    for row in rows_of(extract):
        before = newest.setdefault(row[0], row[updated])
        if (_microseconds(row[updated]) or 0) > (_microseconds(before) or 0):
            newest[row[0]] = row[updated]
    return newest


def _refuse_header(columns: Sequence[str], type: str, path: str) -> None:
    refuse_transaction_ids(columns, path)
    try:
        manifests.checker(columns, path=path, type=type)
    except ManifestError as error:
        raise Refused(f"{error} (the columns of the answer: {', '.join(columns)})") from error


def _microseconds(text: str) -> int | None:
    """A time as an answer has it: in the tenant's zone, with its offset; None if it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else round(moment.timestamp() * 1_000_000)
