"""What Zuora Revenue holds of a run's lines, by its own REST API: errors of staging, and lines that were collected.

```
stage errors ─ all ─────────────────────────┬─▶ the run's lines, by operation
BI view of the staging history ─ the time ──┤
  or else of contract lines and bills ──────┘
```

What waits in staging has no operation of its own: a line that has no error and was not collected waits, or was never
received. Sources: "Get staging error", "Retrieve BI View data" (the standard views; the names of their columns are in
a spreadsheet only, so they are known by what they mean).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from runner.audit.revenue_lines import CREATED, INVOICE_LINE, LINE_COLUMNS, RevenueLine, RevenueLines, created_at
from runner.audit.sent_rows import plain_id
from runner.audit.transaction_match import UNTIMED
from runner.zuora.revenue.bi_view import BILLS, CONTRACT_LINES, HISTORY, view_rows
from runner.zuora.revenue.client import RevenueClient, RevenueUnavailableError
from runner.zuora.revenue.stage_errors import stage_errors

BOOKING, BILLING = LINE_COLUMNS
CONTRACT_VIEWS = {BOOKING: CONTRACT_LINES, BILLING: BILLS}
FUTURE_SECONDS = 3600  # by which a time may be ahead of ours
NAMES = {"booking": LINE_COLUMNS[BOOKING], "billing": INVOICE_LINE, "created": CREATED}
Wanted = Mapping[str, Collection[str]]  # ids of lines as they are compared, by operation


@dataclass(frozen=True)
class _Line:
    """A row of Revenue as it is printed: the ids of its lines, when it was created, its error."""

    booking: str
    billing: str
    created: str
    message: str = ""

    @property
    def operation(self) -> str:
        """An invoice's line names its sales order line, too."""
        return BILLING if self.billing else BOOKING

    @property
    def id(self) -> str:
        return plain_id(self.billing or self.booking)


@dataclass
class _Seen:
    errors: list[_Line] | None = None
    processed: dict[str, list[_Line]] = field(default_factory=dict)  # by operation; missing where it cannot be seen
    only_contracts: set[str] = field(default_factory=set)
    unseen: list[str] = field(default_factory=list)


async def look_up_by_rest(client: RevenueClient, wanted: Wanted, since: int, until: int) -> dict[str, RevenueLines]:
    """Look lines up, by operation: what changed in a time (microseconds). Raises nothing for what is not shown."""
    seen = _Seen()
    try:
        errors = await stage_errors(client)
        lines = [_Line(each.so_line_id, each.inv_line_id, each.created, each.message) for each in errors]
        seen.errors = [line for line in lines if line.id in wanted.get(line.operation, ())]
    except RevenueUnavailableError as error:
        seen.unseen.append(_text(error))
    try:
        history = await _collected(client, HISTORY, wanted, since, until)
        seen.processed = {name: [line for line in history if line.operation == name] for name in wanted}
    except RevenueUnavailableError as error:
        seen.unseen.append(_text(error))
        await _look_at_contracts(client, wanted, since, until, seen)
    zone = client.connection.time_zone
    return {name: _lines(seen, name, zone, until) for name in wanted}


async def _look_at_contracts(client: RevenueClient, wanted: Wanted, since: int, until: int, seen: _Seen) -> None:
    for operation in wanted:
        view = CONTRACT_VIEWS[operation]
        try:
            seen.processed[operation] = await _collected(client, view, {operation: wanted[operation]}, since, until)
            seen.only_contracts.add(operation)
        except RevenueUnavailableError as error:
            seen.unseen.append(_text(error))


async def _collected(client: RevenueClient, view: str, wanted: Wanted, since: int, until: int) -> list[_Line]:
    """The wanted lines of a BI view."""
    needed = {BOOKING: "booking", BILLING: "billing"}
    columns = [needed[operation] for operation in wanted]
    lines: list[_Line] = []
    async for row in view_rows(client, view, since, until, NAMES, columns):
        line = _Line(row.get("booking", ""), row.get("billing", ""), row.get("created", ""))
        if line.id in wanted.get(line.operation, ()):
            lines.append(line)
    return lines


def _lines(seen: _Seen, operation: str, zone: str, until: int) -> RevenueLines:
    errors = [line for line in seen.errors or () if line.operation == operation]
    processed = seen.processed.get(operation, [])
    times = created_at([line.created for line in (*errors, *processed)], zone)
    unseen = list(seen.unseen)
    if any(time > until + FUTURE_SECONDS * 1_000_000 for time in times):
        unseen.append(f"when lines were received: {zone} is not the zone of its times; set revenue_time_zone")
        times = [UNTIMED] * len(times)
    return RevenueLines(
        staging=[RevenueLine(line.id, time, (line.message,)) for line, time in zip(errors, times, strict=False)],
        processed=[RevenueLine(line.id, time) for line, time in zip(processed, times[len(errors) :], strict=True)],
        sees_errors=seen.errors is not None,
        sees_processed=operation in seen.processed,
        only_contracts=operation in seen.only_contracts,
        unseen=unseen,
    )


def _text(error: RevenueUnavailableError) -> str:
    remedy = f" ({error.remedy})" if error.remedy else ""
    return f"Revenue's REST API: {error}{remedy}"
