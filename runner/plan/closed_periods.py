"""What a run would write into closed accounting periods. Pure: the ledger's requests against the tenant's periods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

import msgspec

from runner.plan.journal_run import END, ENTRY, PERIOD, START, is_date
from runner.zuora.jobs.accounting_periods import Period


@dataclass(frozen=True)
class Findings:
    """What a person must confirm, and what is only worth knowing; a sentence each."""

    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def of_journal_runs(bodies: Sequence[tuple[int, str | None]], periods: Sequence[Period]) -> Findings:
    """Of journal runs, as step and body: those into a period that is closed, or that the tenant does not have."""
    questions, notes = dict[str, None](), dict[str, None]()
    for step, body in bodies:
        fields: dict[str, Any] = msgspec.json.decode(body or "{}")
        questions |= dict.fromkeys(f"step {step}: {text}" for text in _closed(fields, periods))
        notes |= dict.fromkeys(f"step {step}: {text}" for text in _unknown(fields, periods))
    return Findings(tuple(questions), tuple(notes))


def of_regenerating(steps: Sequence[int], periods: Sequence[Period], today: date) -> Findings:
    """Of steps that regenerate: what they make is of today, in the period of today."""
    closed = [period for period in periods if period.is_closed and period.overlaps(today, today)]
    if not steps or not closed:
        return Findings()
    numbers = f"step{'s' * (len(steps) > 1)} {', '.join(map(str, steps))}"
    return Findings(notes=(f"{numbers}: the accounting period of today, {_named(closed[0])}, is closed",))


def _closed(fields: dict[str, Any], periods: Sequence[Period]) -> Iterator[str]:
    for period in periods:
        if not period.is_closed:
            continue
        if period.name == fields.get(PERIOD):
            yield f"a journal run into the accounting period {_named(period)}, which is closed"
        elif _in_range(period, fields.get(START), fields.get(END)):
            days = f"{fields[START]} to {fields[END]}"
            yield f"a journal run over {days}, of which the accounting period {_named(period)} is closed"
        if _in_range(period, fields.get(ENTRY), fields.get(ENTRY)) and period.name != fields.get(PERIOD):
            yield f"journal entries of {fields[ENTRY]}, in the accounting period {_named(period)}, which is closed"


def _in_range(period: Period, first: str | None, last: str | None) -> bool:
    if not (first and last and is_date(first) and is_date(last)):
        return False
    return period.overlaps(date.fromisoformat(first), date.fromisoformat(last))


def _unknown(fields: dict[str, Any], periods: Sequence[Period]) -> Iterator[str]:
    name, names = fields.get(PERIOD), [period.name for period in periods]
    if name and names and name not in names:
        near = get_close_matches(name, names, n=1)
        more = f"; did you mean {near[0]!r}?" if near else ""
        yield f"the tenant has no accounting period {name!r}{more}"


def _named(period: Period) -> str:
    return f"{period.name!r} ({period.start_date} to {period.end_date})"
