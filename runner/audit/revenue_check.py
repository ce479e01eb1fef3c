"""`reconcile --revenue`: of each row that succeeded, whether Zuora Revenue has collected its transactions.

```
extracts of Billing ─▶ line ids of the rows' transactions ─▶ staging, errors, history ─▶ collected, pending, errored
```

It only looks: nothing here starts a collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.audit.check import LISTED, Check
from runner.audit.extract_diff import SLACK_SECONDS
from runner.audit.missing_rows import write_rows_to_send
from runner.audit.revenue_lines import RevenueLine, RevenueLines, look_up
from runner.audit.sent_rows import plain_id
from runner.audit.tenant_query import QueriedTable
from runner.audit.transaction_match import UNTIMED, lines_by_row
from runner.ledger import Store
from runner.ledger.sent_requests import labels
from runner.system.atomic_file import replacing
from runner.system.counting import counted
from runner.system.csv_dialect import csv_text, safe
from runner.zuora.data_query.client import DataQuery
from runner.zuora.data_query.parts import SECOND
from runner.zuora.revenue_errors import code_of, remedy_for

COLLECTED, PENDING, ERRORED, CANNOT_TELL = "collected", "pending", "errored", "cannot tell"
GRAVITY = (ERRORED, CANNOT_TELL, PENDING, COLLECTED)
HEADER = ["regen_line", "object", "operation", "state", "reason", "revenue_line_id", "code", "remedy"]


@dataclass(frozen=True)
class RowInRevenue:
    """What Revenue shows of a row."""

    row: int
    operation: str
    state: str
    reason: str
    line: str = ""
    code: str | None = None

    @property
    def remedy(self) -> str:
        """What to do; empty where nothing is."""
        return remedy_for(self.code) if self.state == ERRORED else ""


@dataclass
class RevenueInquiry:
    """The checks, and the files that were written."""

    checks: list[Check] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


async def inquire_revenue(
    store: Store, folder: Path, tenant: DataQuery, tables: Sequence[QueriedTable]
) -> RevenueInquiry:
    """Look the transactions of a run up in Revenue. What it does not show is named; that raises nothing."""
    inquiry = RevenueInquiry()
    states: list[RowInRevenue] = []
    unseen: list[str] = []
    for table in tables:
        lines = lines_by_row(table.matches, table.extracts, table.line_column)
        wanted = sorted({line for row_lines in lines.values() for line in row_lines})
        seen = await look_up(tenant, folder, table.operation, wanted) if wanted else RevenueLines()
        unseen += seen.unseen
        states += _Judgement(table, lines, seen).states()
    states.sort(key=lambda state: state.row)
    inquiry.checks.append(_collected(states, unseen))
    names = labels(store, [state.row for state in states])
    inquiry.files.append(_written(folder / "reconcile-revenue.csv", states, names))
    errored = sorted({state.row for state in states if state.state == ERRORED})
    path, commands = write_rows_to_send(store, folder / "errored.csv", errored)
    inquiry.files.append(path)
    inquiry.checks.append(_errors(states, names, commands))
    return inquiry


class _Judgement:
    """The rows of one table against the lines in Revenue."""

    def __init__(self, table: QueriedTable, lines: Mapping[int, Sequence[str]], seen: RevenueLines) -> None:
        self._table, self._lines, self._seen = table, lines, seen
        self._staging, self._processed = _by_line(seen.staging), _by_line(seen.processed)

    def states(self) -> Iterator[RowInRevenue]:
        """One for each row that has a transaction in Billing."""
        rows = self._table.matches.rows
        for index, lines in sorted(self._lines.items()):
            since = int(rows.first_at[index]) - SLACK_SECONDS * SECOND
            number = int(rows.numbers[index])
            states = [self._state(number, line, since) for line in dict.fromkeys(lines)]
            yield min(states, key=lambda state: GRAVITY.index(state.state))

    def _state(self, row: int, line: str, since: int) -> RowInRevenue:
        staging = [each for each in self._staging.get(plain_id(line), ()) if _is_since(each, since)]
        processed = [each for each in self._processed.get(plain_id(line), ()) if _is_since(each, since)]
        newest = max((each.created for each in processed), default=None)
        errors = [
            each for each in staging if each.errors and not (newest is not None and newest >= each.created > UNTIMED)
        ]
        operation = self._table.operation
        if errors:
            message = "; ".join(max(errors, key=lambda each: each.created).errors)
            return RowInRevenue(row, operation, ERRORED, message, line, code_of(message))
        if newest is not None:
            return RowInRevenue(row, operation, COLLECTED, "", line)
        if staging and self._seen.sees_errors:
            return RowInRevenue(row, operation, PENDING, "received, waiting for a collection", line)
        if not (self._seen.sees_staging and self._seen.sees_processed and self._seen.sees_errors):
            return RowInRevenue(row, operation, CANNOT_TELL, "a table of Revenue could not be looked at", line)
        return RowInRevenue(row, operation, PENDING, "not received by Revenue since the row was sent", line)


def _is_since(line: RevenueLine, since: int) -> bool:
    """Whether a line may be of the run: earlier ones are what was collected before."""
    return line.created >= since or line.created == UNTIMED


def _by_line(lines: Sequence[RevenueLine]) -> Mapping[str, list[RevenueLine]]:
    by_line: dict[str, list[RevenueLine]] = {}
    for line in lines:
        by_line.setdefault(line.line, []).append(line)
    return by_line


def _collected(states: Sequence[RowInRevenue], unseen: Sequence[str]) -> Check:
    """How many rows are in which state; pending rows refute nothing."""
    notes = [f"{counted(count, 'row')} {state}" for state, count in Counter(each.state for each in states).items()]
    reasons = Counter(each.reason for each in states if each.state == PENDING)
    notes += [f"of the pending ones, {count:,} {reason}" for reason, count in reasons.items()]
    notes += [f"could not be looked at: {text}" for text in unseen]
    skipped = None
    if not states:
        skipped = "no row has a transaction in Billing that names a line of Revenue"
    elif all(state.state == CANNOT_TELL for state in states):
        skipped = "Revenue shows none of the tables by Data Query; " + "; ".join(unseen)
    return Check("revenue", "what Zuora Revenue shows of the rows' transactions", (), 0, tuple(notes), skipped=skipped)


def _errors(states: Sequence[RowInRevenue], names: Mapping[int, str], commands: Sequence[str]) -> Check:
    errored = [state for state in states if state.state == ERRORED]
    listed = tuple(f"row {each.row}: {names.get(each.row, '')}: {each.reason}"[:400] for each in errored[:LISTED])
    codes = Counter((each.code or "no code", each.remedy) for each in errored)
    notes = [f"{counted(count, 'row')} with {code}: {remedy}" for (code, remedy), count in codes.most_common(LISTED)]
    description = "no transaction of the run has an error in Revenue"
    return Check("revenue errors", description, listed, len(errored), (*notes, *commands))


def _written(path: Path, states: Sequence[RowInRevenue], names: Mapping[int, str]) -> Path:
    with replacing(path) as file:
        file.write(csv_text([HEADER]).encode())
        for each in states:
            cells = [str(each.row), names.get(each.row, ""), each.operation, each.state]
            cells += [each.reason, each.line, each.code or "", each.remedy]
            file.write(csv_text([[safe(cell) for cell in cells]]).encode())
    return path
