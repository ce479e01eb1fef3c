"""A `journal-run` step: one journal run, or one for each row of a manifest; and the rules that a run must keep.

Source: Zuora API reference, "Create a journal run": `journalEntryDate` and `transactionTypes`, and either
`accountingPeriodName` or both `targetStartDate` and `targetEndDate`; `organizationLabels` with Multi-Org.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

from manifests import Source
from manifests.schemas import folded
from runner.domain.errors import Refused
from runner.domain.identity import canonical
from runner.domain.steps import JournalRun
from runner.ledger import Line
from runner.ledger.enrolment import RequestRecord
from runner.plan.enroller import Enroller, lane, texts
from runner.zuora.operations import JOURNAL_RUN
from runner.zuora.transaction_types import TRANSACTION_TYPES

PERIOD, START, END, ENTRY = "accountingPeriodName", "targetStartDate", "targetEndDate", "journalEntryDate"
TYPES, LABELS = "transactionTypes", "organizationLabels"
DATES = (ENTRY, START, END)
HEADERS: Mapping[str, tuple[str, ...]] = {
    PERIOD: (PERIOD, "accountingPeriod", "period"),
    START: (START, "from"),
    END: (END, "to"),
    ENTRY: (ENTRY, "entryDate"),
    TYPES: (TYPES, "transactionType"),
    LABELS: (LABELS, "organizationLabel"),
}
_FIELDS = {folded(header): wire for wire, headers in HEADERS.items() for header in headers}
Fields = Mapping[str, Any]  # wire name → text, or a list of texts


def refuse(work: JournalRun) -> None:
    """Raises Refused for options that make no journal run."""
    fields = _of_step(work)
    if work.manifests:
        if fields:
            raise Refused("describe a journal run by its options or by a manifest, not by both")
    elif problems := list(broken_rules(fields)):
        raise Refused("journal run: " + "; ".join(problems))


def _of_step(work: JournalRun) -> dict[str, Any]:
    fields = {
        PERIOD: work.accounting_period,
        START: work.target_start_date and work.target_start_date.isoformat(),
        END: work.target_end_date and work.target_end_date.isoformat(),
        ENTRY: work.journal_entry_date and work.journal_entry_date.isoformat(),
        TYPES: list(work.transaction_types),
        LABELS: list(work.organization_labels),
    }
    return {name: value for name, value in fields.items() if value}


def body(fields: Fields) -> bytes:
    """The canonical body of "Create a journal run"."""
    document = dict(fields)
    document[TYPES] = [{"type": name} for name in fields[TYPES]]
    if LABELS in document:
        document[LABELS] = [{"organizationName": name} for name in fields[LABELS]]
    return canonical(document)


def label(fields: Fields) -> str:
    """A journal run for people."""
    return str(fields.get(PERIOD) or f"{fields.get(START)} to {fields.get(END)}")


def broken_rules(fields: Fields) -> Iterator[str]:
    """Every rule that a journal run would break, named."""
    if not fields.get(ENTRY):
        yield "entry-date-missing: give the date of the journal entries (--entry-date)"
    for name in DATES:
        if fields.get(name) and not is_date(fields[name]):
            yield f"date-unreadable: {name} is {fields[name]!r}, write it as 2026-11-30"
    yield from _broken_period(fields)
    if not fields.get(TYPES):
        yield "transaction-types-missing: name at least one (--transaction-type)"
    for name in fields.get(TYPES, ()):
        if name not in TRANSACTION_TYPES:
            yield f"transaction-type-unknown: there is no {name!r}; {_suggestion(name)}"


def _broken_period(fields: Fields) -> Iterator[str]:
    start, end = fields.get(START), fields.get(END)
    if fields.get(PERIOD):
        if start or end:
            yield "period-and-dates: give the accounting period or the target dates, not both"
    elif not (start and end):
        yield "period-missing: give the accounting period, or both the first and the last target date"
    elif is_date(start) and is_date(end) and start > end:
        yield f"dates-reversed: {START} {start} is after {END} {end}"


def is_date(text: str) -> bool:
    """Text of the form 2026-11-30 that is a day of the calendar."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _suggestion(name: str) -> str:
    known = {folded(known): known for known in TRANSACTION_TYPES}
    near = get_close_matches(folded(name), known, n=1, cutoff=0.5)
    return f"did you mean {known[near[0]]!r}?" if near else f"there are: {', '.join(TRANSACTION_TYPES)}"


# -- enrolling ----------------------------------------------------------------------------------------------------


def refuse_header(source: Source) -> None:
    """Raises Refused for a manifest whose columns do not describe a journal run."""
    wires = [wire for column in source.columns if (wire := _FIELDS.get(folded(column)))]
    twice = sorted({wire for wire in wires if wires.count(wire) > 1})
    if twice:
        raise Refused(f"{source.path}: two columns mean {twice[0]}; rename or remove one of them")
    missing = [wire for wire in (ENTRY, TYPES) if wire not in wires]
    if missing:
        raise Refused(f"{source.path}: no column {missing[0]!r}; a journal run needs it")


def enrol(enroller: Enroller, step: int, work: JournalRun, sources: Sequence[Source]) -> None:
    """Enrol the run that the options describe, or one for each row."""
    if not sources:
        fields = _of_step(work)
        enroller.alone(step, JOURNAL_RUN, body(fields), label(fields))
    for source in sources:
        _enrol_source(enroller, step, work, source)


def _enrol_source(enroller: Enroller, step: int, work: JournalRun, source: Source) -> None:
    number, rows = enroller.next_manifest(), 0
    identities = enroller.identities(JOURNAL_RUN, {}, step)
    for batch in source.batches():
        columns = [batch.frame[name].tolist() for name in source.columns]
        earlier = enroller.unsettled(batch)
        for at, (row, cells) in enumerate(zip(zip(*columns, strict=True), texts(columns), strict=True)):
            line, rows = enroller.next_line(), rows + 1
            fields = _of_row(source.columns, row)
            problem = "; ".join(filter(None, [*broken_rules(fields), earlier[at]])) or None
            request = line if problem is None else None
            enrolled = Line(
                line, number, batch.rows[at], cells, JOURNAL_RUN.name, None, label(fields), request, problem
            )
            enroller.enrolment.lines([enrolled])
            if problem is not None:
                enroller.refused = enroller.refused or not work.skip_rejected
                continue
            text = body(fields)
            digest, queue = identities.digest(text), lane(JOURNAL_RUN.name)
            enroller.enrolment.requests([RequestRecord(line, step, JOURNAL_RUN.name, "", text.decode(), digest, queue)])
    enroller.manifest(number, step, source, rows)


def _of_row(columns: Iterable[str], row: Iterable[str | None]) -> dict[str, Any]:
    """The fields of a row; lists as a JSON array, or separated by `;` or `|`."""
    fields: dict[str, Any] = {}
    for column, cell in zip(columns, row, strict=True):
        wire = _FIELDS.get(folded(column))
        if wire and cell and cell.strip():
            fields[wire] = _list(cell) if wire in (TYPES, LABELS) else cell.strip()
    return fields


def _list(cell: str) -> list[str]:
    if cell.lstrip().startswith("["):
        try:
            return [str(item) for item in json.loads(cell)]
        except ValueError:
            return [cell]
    parts = cell.replace("|", ";").split(";")
    return [part.strip() for part in parts if part.strip()]
