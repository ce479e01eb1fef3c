"""`reconcile --revenue`: of each row that succeeded, whether Zuora Revenue has collected its transactions.

```
extracts of Billing ─▶ line ids of the rows' transactions ─▶ staging, errors, history ─▶ collected, pending, errored
                                                             by Data Query, or by Revenue's REST API
```

It only looks: nothing here starts a collection.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.audit.check import LISTED, Check
from runner.audit.extract_diff import SLACK_SECONDS
from runner.audit.missing_rows import write_rows_to_send
from runner.audit.revenue_by_rest import look_up_by_rest
from runner.audit.revenue_lines import RevenueLine, RevenueLines, look_up
from runner.audit.sent_rows import plain_id
from runner.audit.tenant_query import QueriedTable
from runner.audit.transaction_match import UNTIMED, lines_by_row
from runner.ledger import Store
from runner.ledger.sent_requests import labels
from runner.system.atomic_file import replacing
from runner.system.counting import counted
from runner.system.csv_dialect import csv_text, safe
from runner.system.timestamps import now_microseconds
from runner.zuora.data_query.client import DataQuery
from runner.zuora.data_query.parts import SECOND
from runner.zuora.retry import Sleep
from runner.zuora.revenue.client import revenue_connected
from runner.zuora.revenue.connection import RevenueConnection
from runner.zuora.revenue_errors import code_of, remedy_for

COLLECTED, PENDING, ERRORED, CANNOT_TELL = "collected", "pending", "errored", "cannot tell"
NOT_RECEIVED = "not received by Revenue since the row was sent"
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
    is_received: bool = True  # whether Revenue has something of the row since it was sent

    @property
    def remedy(self) -> str:
        """What to do; empty where nothing is."""
        return remedy_for(self.code) if self.state == ERRORED else ""


@dataclass
class RevenueInquiry:
    """The checks, the files that were written, and the state of every row."""

    checks: list[Check] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    states: list[RowInRevenue] = field(default_factory=list)


@dataclass(frozen=True)
class RevenueAccess:
    """How Revenue can be looked at: by Data Query, and by its REST API where there is a connection. `rest_first`: Data
    Query is not asked."""

    tenant: DataQuery
    connection: RevenueConnection | None = None
    rest_first: bool = False
    sleep: Sleep = asyncio.sleep


async def inquire_revenue(
    store: Store, folder: Path, access: RevenueAccess, tables: Sequence[QueriedTable]
) -> RevenueInquiry:
    """Look the transactions of a run up in Revenue. What it does not show is named; that raises nothing."""
    inquiry = RevenueInquiry()
    lines = {table.operation: lines_by_row(table.matches, table.extracts, table.line_column) for table in tables}
    wanted = {
        operation: sorted({line for row_lines in by_row.values() for line in row_lines})
        for operation, by_row in lines.items()
        if by_row
    }
    first_at = min((int(table.matches.rows.first_at.min()) for table in tables if len(table.matches.rows)), default=0)
    seen = await _seen(access, folder, wanted, first_at - SLACK_SECONDS * SECOND)
    unseen = list(dict.fromkeys(text for each in seen.values() for text in each.unseen))
    states = [
        state
        for table in tables
        if table.operation in seen
        for state in _Judgement(table, lines[table.operation], seen[table.operation]).states()
    ]
    states.sort(key=lambda state: state.row)
    inquiry.states = states
    lacking = sum(int((~table.matches.rows.unknown).sum()) for table in tables) - len(states)
    inquiry.checks.append(_collected(states, unseen, lacking))
    names = labels(store, [state.row for state in states])
    inquiry.files.append(_written(folder / "reconcile-revenue.csv", states, names))
    errored = sorted({state.row for state in states if state.state == ERRORED})
    path, commands = write_rows_to_send(store, folder / "errored.csv", errored)
    inquiry.files.append(path)
    inquiry.checks.append(_errors(states, names, commands))
    return inquiry


async def _seen(
    access: RevenueAccess, folder: Path, wanted: Mapping[str, Sequence[str]], since: int
) -> dict[str, RevenueLines]:
    """What Revenue shows of lines: by Data Query first, what that does not show by its REST API."""
    seen = {operation: RevenueLines() for operation in wanted}
    if not (access.rest_first and access.connection is not None):
        seen = {name: await look_up(access.tenant, folder, name, lines) for name, lines in wanted.items()}
    if access.connection is None or all(each.is_complete for each in seen.values()):
        return seen
    plain = {name: {plain_id(line) for line in lines} for name, lines in wanted.items()}
    async with revenue_connected(access.connection, access.sleep) as client:
        by_rest = await look_up_by_rest(client, plain, since, now_microseconds())
    return {name: lines.completed_by(by_rest[name]) for name, lines in seen.items()}


class _Judgement:
    """The rows of one table against the lines in Revenue."""

    def __init__(self, table: QueriedTable, lines: Mapping[int, Sequence[str]], seen: RevenueLines) -> None:
        self._table, self._lines, self._seen = table, lines, seen
        self._staging, self._processed = _by_line(seen.staging), _by_line(seen.processed)
        self._shared_until = _shared_until(table.matches.rows.last_at, lines)

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
        waiting = max((each.created for each in staging if not each.errors), default=UNTIMED)
        errors = [each for each in staging if each.errors and not self._is_over(each, newest, waiting)]
        operation = self._table.operation
        if errors:
            message = "; ".join(max(errors, key=lambda each: each.created).errors)
            return RowInRevenue(row, operation, ERRORED, message, line, code_of(message))
        if newest is not None and newest > UNTIMED:
            return RowInRevenue(row, operation, COLLECTED, "", line)
        state, reason = self._uncollected(line, waiting=bool(staging), was_collected=newest is not None)
        return RowInRevenue(row, operation, state, reason, line, is_received=reason != NOT_RECEIVED)

    def _is_over(self, error: RevenueLine, collected: int | None, waiting: int) -> bool:
        """Whether a later line took the place of one with an error: collected, or waiting for a collection.

        Several versions of a subscription have the same line. Where rows of the run share it, a later line must have
        come after all of them, else it may be that of another row.
        """
        if error.created == UNTIMED:
            return False
        shared_until = self._shared_until.get(error.line)
        if shared_until is not None:
            return max(waiting, UNTIMED if collected is None else collected) > max(shared_until, error.created)
        return waiting > error.created or (collected is not None and collected >= error.created)

    def _uncollected(self, line: str, *, waiting: bool, was_collected: bool) -> tuple[str, str]:
        """The state of a line without errors that is not known to be collected since the row was sent, and why."""
        seen = self._seen
        if waiting and seen.sees_errors:
            return PENDING, "received, waiting for a collection"
        if was_collected:
            return CANNOT_TELL, "collected, but whether before the row was sent or after it cannot be read"
        if not (seen.sees_processed and seen.sees_errors):
            return CANNOT_TELL, "a part of Revenue could not be looked at"
        if seen.only_contracts and plain_id(line) in self._processed:
            return CANNOT_TELL, "collected before the row was sent; whether again, a contract does not show"
        if seen.sees_staging:
            return PENDING, NOT_RECEIVED
        return PENDING, "not collected since the row was sent (the REST API does not show whether it was received)"


def _shared_until(last_at: Any, lines: Mapping[int, Sequence[str]]) -> dict[str, int]:
    """By each line that several rows have: when the last of these rows was answered."""
    rows: dict[str, list[int]] = {}
    for index, texts in lines.items():
        for line in {plain_id(text) for text in texts}:
            rows.setdefault(line, []).append(index)
    return {line: max(int(last_at[index]) for index in sharing) for line, sharing in rows.items() if len(sharing) > 1}


def _is_since(line: RevenueLine, since: int) -> bool:
    """Whether a line may be of the run: earlier ones are what was collected before."""
    return line.created >= since or line.created == UNTIMED


def _by_line(lines: Sequence[RevenueLine]) -> Mapping[str, list[RevenueLine]]:
    by_line: dict[str, list[RevenueLine]] = {}
    for line in lines:
        by_line.setdefault(line.line, []).append(line)
    return by_line


def _collected(states: Sequence[RowInRevenue], unseen: Sequence[str], lacking: int) -> Check:
    """How many rows are in which state; pending rows refute nothing. `lacking`: rows without a line to look for."""
    notes = [f"{counted(count, 'row')} {state}" for state, count in Counter(each.state for each in states).items()]
    reasons = Counter(each.reason for each in states if each.state == PENDING)
    notes += [f"of the pending ones, {count:,} {reason}" for reason, count in reasons.items()]
    if lacking:
        notes.append(f"{counted(lacking, 'row')} not looked up: Billing shows no transaction with a line of Revenue")
    notes += [f"could not be looked at: {text}" for text in unseen]
    skipped = None
    if not states:
        skipped = "no row has a transaction in Billing that names a line of Revenue"
    elif all(state.state == CANNOT_TELL for state in states):
        skipped = "Revenue shows too little to tell; " + "; ".join(unseen)
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
