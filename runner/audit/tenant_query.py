"""What the tenant itself shows of a run: whether its transactions are there, whose the others are, and what became of
unknown rows.

```
run ─▶ rows ─┐
             ├─ match by id and by object ─▶ rows missing ─ query by id, by object ─▶ match again ─▶ checks and files
tenant ─ windows of the run's time ─▶ extract ┘                                   └─▶ unknown rows: done or not
```
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

from runner.audit.check import LISTED, Check
from runner.audit.extra_transactions import ExtraTransactions, of_unknown_rows
from runner.audit.extract_diff import SLACK_SECONDS
from runner.audit.missing_rows import write_missing_rows
from runner.audit.object_confirmation import ObjectConfirmation
from runner.audit.other_runs import other_runs
from runner.audit.reconcile import run_time
from runner.audit.sent_rows import OrderLine, SentRows, gather, missing_ids, names_of, order_lines_of, plain_id
from runner.audit.transaction_match import NEVER, UNTIMED, Matches
from runner.audit.unknown_rows import DONE, NOT_DONE, SETTLED_SECONDS, Annotation, Others, UnknownRows, written
from runner.ledger import Store
from runner.ledger.sent_requests import bodies_of, labels, operations_sent, sent_requests
from runner.runs.annotations import NAME
from runner.system.counting import counted
from runner.zuora.client import Client
from runner.zuora.data_query.client import DataQuery
from runner.zuora.data_query.job import QueryFailedError
from runner.zuora.data_query.literals import spellings
from runner.zuora.data_query.parts import ROWS_OUT, SECOND, Part, texts, windows
from runner.zuora.data_query.query_jobs import QueryJobs
from runner.zuora.operations import OPERATIONS
from runner.zuora.retry import Sleep
from runner.zuora.transaction_tables import TransactionTable

JOBS = "query-jobs.json"  # of an inquiry that is not complete
MOST_ORDER_LINES = 50_000  # looked up by their numbers
IDS_OF_A_SAMPLE, IDS_AT_ONCE = 5_000, 100_000  # looked up by themselves: at first, then at a time


@dataclass(frozen=True)
class QueriedTable:
    """One operation's transactions, as the tenant shows them."""

    operation: str
    line_column: str  # what Revenue knows them by
    matches: Matches
    extracts: tuple[Path, ...]
    shown: tuple[int, ...] = ()  # rows that succeeded with transactions, which the tenant can show
    missing: tuple[int, ...] = ()  # those of them whose transactions are not there


@dataclass(frozen=True)
class Inquiry:
    """The checks, and the files that were written."""

    checks: tuple[Check, ...]
    files: tuple[Path, ...]
    tables: tuple[QueriedTable, ...] = ()
    annotations: tuple[Annotation, ...] = ()


def data_query_of(store: Store, client: Client, sleep: Sleep) -> DataQuery:
    """The Data Query of an inquiry, which follows the jobs of one that was broken off."""
    return DataQuery(client, sleep, QueryJobs(store.path.absolute().parent / "after" / JOBS))


async def inquire(store: Store, folder: Path, tenant: DataQuery) -> Inquiry:
    """Ask the tenant about every row that it can show. Raises QueryFailedError if it does not answer."""
    tables: list[QueriedTable] = []
    checks: list[Check] = []
    files: list[Path] = []
    annotations: list[Annotation] = []
    for operation, count in operations_sent(store).items():
        table = OPERATIONS[operation].query_table if operation in OPERATIONS else None
        if table is None:
            checks.append(_not_queried(operation, count))
            continue
        inquiry = _TableInquiry(store, folder, tenant, operation, table)
        await inquiry.run()
        checks += inquiry.checks
        files += inquiry.files
        annotations += inquiry.annotations
        tables.append(inquiry.queried)
    if annotations:
        files.append(written(folder / NAME, sorted(annotations, key=lambda annotation: annotation.row)))
        checks.append(_unknown(annotations))
    return Inquiry(tuple(checks), tuple(files), tuple(tables), tuple(annotations))


def _not_queried(operation: str, count: int) -> Check:
    reason = f"{counted(count, f'{operation} row')}: Data Query has no table that shows what this operation did"
    return Check(f"tenant {operation}", f"the tenant has what {operation} made", skipped=reason)


class _TableInquiry:
    """One operation of a run against its table."""

    def __init__(self, store: Store, folder: Path, tenant: DataQuery, operation: str, table: TransactionTable) -> None:
        self._store, self._folder, self._tenant = store, folder, tenant
        self._operation, self._table = operation, table
        self._trouble: list[str] = []
        self._confirmed_before = 0
        self._extracts: list[Path] = []
        self._shown: tuple[int, ...] = ()
        self._missing: tuple[int, ...] = ()
        self.checks: list[Check] = []
        self.files: list[Path] = []
        self.annotations: list[Annotation] = []

    async def run(self) -> None:
        """Ask, match, judge, write."""
        self._columns = await self._known_columns()
        self._select = f"SELECT {', '.join(self._columns)} FROM {self._table.sql_name}"  # noqa: S608 - our own names
        lines = order_lines_of(self._store, self._operation, MOST_ORDER_LINES)
        line_ids = await self._order_lines(lines)
        self._line_ids = line_ids
        rows = gather(sent_requests(self._store, self._operation), self._table, line_ids)
        self._matches = Matches.of(rows)
        with closing(self._matches.others):
            await self._match(rows)

    async def _match(self, rows: SentRows) -> None:
        matches = self._matches
        await self._extract_of_the_time(rows)
        await self._extract_by_id(rows)
        await self._extract_by_object(rows)
        numbers = rows.numbers[rows.unknown].tolist()
        bodies = bodies_of(self._store, numbers)
        runs = other_runs(self._store, matches.others, self._operation, frozenset(bodies.values()))
        others = Others(runs, matches.users or self._own_user())
        mine = of_unknown_rows(matches, others)
        unknown = UnknownRows(matches, mine, bodies, others, self._now)
        self.annotations = unknown.answers(labels(self._store, numbers))
        self._judge_missing(rows)
        explained = len({text for annotation in self.annotations for text in annotation.ids})
        extra = ExtraTransactions(self._store, matches, others, {transaction.id for transaction in mine})
        path = self._path(f"reconcile-{self._table.name}-extra.csv")
        self.checks.append(extra.judged(path, self._table.name, explained, strict=self._strict))
        self.files.append(path)
        self._write_not_done()

    @property
    def _now(self) -> int:
        """When the tenant was as the extracts show it, in microseconds."""
        return self._tenant.as_of

    @property
    def queried(self) -> QueriedTable:
        """What was seen, for further questions."""
        return QueriedTable(
            self._operation,
            self._table.line_column,
            self._matches,
            tuple(self._extracts),
            self._shown,
            self._missing,
        )

    def _own_user(self) -> set[str]:
        """Who submits the queries, if the tenant shows such a user at transactions, too: then the run is theirs."""
        return {plain_id(user) for user in self._tenant.users} & self._matches.seen_users

    # -- asking -------------------------------------------------------------------------------------------------

    async def _known_columns(self) -> list[str]:
        """Those of the table's columns that this tenant has."""
        columns = await self._tenant.columns(self._table.sql_name)
        if lacking := self._table.lacking(columns):
            raise QueryFailedError(f"the tenant's table {self._table.name} has no column {', '.join(lacking)}")
        return [column for column in self._table.columns if column in columns]

    async def _order_lines(self, lines: list[OrderLine]) -> dict[OrderLine, str]:
        """The ids of order line items that rows name by their numbers."""
        if not lines:
            return {}
        select = "SELECT o.ordernumber, i.itemnumber, i.id FROM orderlineitem i JOIN orders o ON o.id = i.orderid"
        numbers = sorted({number for number, _ in lines})
        path = self._path("query-OrderLineItem.csv")
        names = ("ordernumber", "itemnumber", "id")
        try:
            await self._tenant.extract(path, names, texts(select, "o.ordernumber", numbers))
        except QueryFailedError as error:
            self._trouble.append(f"order line items could not be looked up by their numbers: {error}")
            return {}
        self.files.append(path)
        return {(number, item): line for number, item, line in _csv_rows(path)}

    async def _extract_of_the_time(self, rows: SentRows) -> None:
        first, last = run_time(self._store)
        since, until = first - SLACK_SECONDS * SECOND, last + (SLACK_SECONDS + SETTLED_SECONDS) * SECOND
        parts = windows(self._select, since, until, len(rows.id_of), ROWS_OUT)
        await self._read(f"query-{self._table.name}.csv", parts, (parts[0].since, parts[-1].until))

    async def _extract_by_id(self, rows: SentRows) -> None:
        """What was not updated in the run's time may be there all the same. Where the first few thousand are not, nor
        any other id of the run, ids are no transactions' ids."""
        missing = (text for _, text in missing_ids(self._store, rows, ~self._matches.id_present))
        for number, most in enumerate(chain((IDS_OF_A_SAMPLE,), repeat(IDS_AT_ONCE)), start=1):
            wanted = [spelled for text in islice(missing, most) for spelled in spellings(text)]
            if not wanted or (number > 1 and not self._strict):
                return
            suffix = "" if number == 1 else f"-{number}"
            await self._read(f"query-{self._table.name}-by-id{suffix}.csv", texts(self._select, "id", wanted))

    async def _extract_by_object(self, rows: SentRows) -> None:
        """The objects that nothing was seen of yet, of unknown rows and of rows that ids do not confirm; of unknown
        rows also those that were seen as they were before."""
        parts: list[Part] = []
        for at, keys in enumerate(rows.keys):
            updated = self._matches.objects[at].updated[keys.object_of]
            before = rows.unknown[keys.rows] & (updated < rows.first_at[keys.rows])
            wanted = self._doubtful(rows)[keys.rows] & ((updated == NEVER) | before)
            first = keys.columns[0]
            bodies = bodies_of(self._store, rows.numbers[keys.rows[wanted]].tolist())
            named = (names_of(body, self._table, self._line_ids) for body in bodies.values())
            values = sorted({names[0][1] for names in named if names})
            if first.endswith("id"):
                values = [text for value in values for text in spellings(value)]
            parts += texts(self._select, first, values)
        if parts:
            await self._read(f"query-{self._table.name}-by-object.csv", parts)

    def _doubtful(self, rows: SentRows) -> Any:
        """Rows whose outcome is unknown, or that ids do not confirm where ids are no transactions' ids."""
        doubtful = rows.unknown.copy()
        if not self._strict:
            doubtful |= True
        return doubtful

    async def _read(self, name: str, parts: Sequence[Part], within: tuple[int, int] | None = None) -> None:
        path = self._path(name)
        await self._tenant.extract(path, self._columns, parts)
        self.files.append(path)
        self._extracts.append(path)
        self._matches.read(path, within)

    def _path(self, name: str) -> Path:
        return self._folder / name

    # -- judging ------------------------------------------------------------------------------------------------

    @property
    def _strict(self) -> bool:
        """Whether the ids of an idList are those of transactions: what they name is not published."""
        return bool(self._matches.id_present.any())

    def _judge_missing(self, rows: SentRows) -> None:
        import numpy as np

        unconfirmed, blind = self._unconfirmed(rows)
        numbers = rows.numbers[unconfirmed].tolist()
        self._missing = tuple(numbers)
        self._shown = tuple(rows.numbers[np.unique(rows.id_row)].tolist())
        ids = {} if not len(numbers) else self._missing_ids(rows, set(np.flatnonzero(unconfirmed).tolist()))
        files = write_missing_rows(self._store, self._folder, self._table.name, numbers, ids)
        self.files += files.all
        names = labels(self._store, numbers[:LISTED])
        listed = tuple(f"row {row}: {names[row]}{_named_ids(ids.get(row))}" for row in numbers[:LISTED])
        notes = [*self._notes(rows, unconfirmed, blind), *self._trouble, *files.commands]
        description = f"the tenant has the {self._table.name} rows of every row that succeeded"
        self.checks.append(Check("missing", description, listed, len(numbers), tuple(notes)))

    def _unconfirmed(self, rows: SentRows) -> tuple[Any, Any]:
        """Of each row that succeeded, whether the tenant lacks its transactions; and whether it cannot show them."""
        import numpy as np

        has_ids, lacking = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
        has_ids[rows.id_row] = True
        lacking[rows.id_row[~self._matches.id_present[rows.id_of]]] = True
        succeeded = ~rows.unknown & has_ids
        if self._strict:
            return succeeded & lacking, np.zeros(len(rows), bool)
        by_object = ObjectConfirmation.of(self._matches, OPERATIONS[self._operation])
        self._confirmed_before = int((succeeded & by_object.before).sum())
        return succeeded & by_object.named & ~by_object.confirmed, succeeded & ~by_object.named

    def _missing_ids(self, rows: SentRows, unconfirmed: set[int]) -> dict[int, list[str]]:
        import numpy as np

        among = np.zeros(len(rows), bool)
        among[list(unconfirmed)] = True
        ids: dict[int, list[str]] = {}
        for row, text in missing_ids(self._store, rows, ~self._matches.id_present, among):
            ids.setdefault(row, []).append(text)
        return ids

    def _notes(self, rows: SentRows, unconfirmed: Any, blind: Any) -> Iterator[str]:
        import numpy as np

        first, last = run_time(self._store)
        matched = int(self._matches.id_present.sum())
        yield f"{matched:,} of {len(rows.ids):,} ids are there"
        if len(rows.ids) and not self._strict:
            yield "none of the run's ids is the id of a transaction: rows were matched by their objects instead"
        if self._confirmed_before:
            rows_ = counted(self._confirmed_before, "row")
            yield f"{rows_} have transactions, but these were last updated before the run"
        updated = self._matches.id_updated
        older = int(((updated > UNTIMED) & (updated < first - SLACK_SECONDS * SECOND)).sum())
        if older:
            yield f"{older:,} ids are there, but were last updated before the run"
        without = int((~rows.unknown).sum()) - len(np.unique(rows.id_row))
        if without:
            yield f"{without:,} rows succeeded with an empty idList: there is nothing to look for"
        if blind.any():
            yield f"{int(blind.sum()):,} rows could not be looked at: no column of the table names their objects"
        if unconfirmed.any() and self._now - last < SETTLED_SECONDS * SECOND:
            yield "the run ended less than 15 minutes ago and Data Query may lag behind: ask again later"

    def _write_not_done(self) -> None:
        rows = [annotation.row for annotation in self.annotations if annotation.answer == NOT_DONE]
        if rows:
            name = f"{self._table.name}-not-done"
            self.files += write_missing_rows(self._store, self._folder, name, rows, {}, ids_file=False).all


def _named_ids(ids: Sequence[str] | None) -> str:
    return f": {', '.join(ids[:3])}{' …' if len(ids) > 3 else ''}" if ids else ""


def _csv_rows(path: Path) -> Iterator[list[str]]:
    import csv

    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        yield from filter(None, reader)


def _unknown(annotations: Sequence[Annotation]) -> Check:
    """What the tenant shows of unknown rows: notes, for the outcome stays what it is."""
    counts = Counter(annotation.answer for annotation in annotations)
    notes = [f"{count:,} {answer}" for answer, count in counts.items()]
    notes += [
        f"row {noted.row}: {noted.label}: {noted.answer}; {noted.reason}" for noted in islice(annotations, LISTED)
    ]
    if counts[DONE] and not counts.keys() - {DONE}:
        notes.append("all of them are done: none has to be sent again")
    return Check("unknown", "what the tenant shows of unknown rows", (), 0, tuple(notes))


__all__ = ["Inquiry", "QueryFailedError", "inquire"]
