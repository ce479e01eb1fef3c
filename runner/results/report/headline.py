"""The first sentence of the report: what was to be done, how it went, how long it took; for a reader who knows neither
states nor modes.

    The transactions of 2,500 subscriptions and 300 invoices were to be overwritten and re-sent to Revenue;
    2,777 succeeded; 23 failed, listed below; 13 min.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from runner.ledger.request_kinds import Kind
from runner.results.report.statistics import Course
from runner.system.counting import counted
from runner.system.timestamps import duration
from runner.zuora.effects import purpose
from runner.zuora.operations import OPERATIONS

MOSTLY = 0.9  # of the whole time: then the gaps between the requests are not worth a word


def headline(kinds: Iterable[Kind], counts: Mapping[str, int], course: Course | None) -> str:
    """The sentence. `counts` has the rows by state and `rows`; `course` is None if nothing was sent."""
    took = "nothing was sent" if course is None else time_taken(course)
    sentence = "; ".join([*_aims(kinds), *_fates(counts), took])
    return f"{sentence[0].upper()}{sentence[1:]}."


def _aims(kinds: Iterable[Kind]) -> Iterator[str]:
    """What was to be done, a clause for each purpose, in the order of the steps."""
    for aim, group in groupby(kinds, lambda kind: purpose(kind.operation, kind.query)):
        yield f"{_these(list(group))} to be {aim}"


def _these(group: list[Kind]) -> str:
    """`the transactions of 2,500 subscriptions and 300 invoices were`; of jobs `2 data backfill jobs were`."""
    operation = OPERATIONS.get(group[0].operation)
    if operation is None or not operation.types:
        noun = operation.noun if operation else f"{group[0].operation} request"
        count = sum(kind.requests for kind in group)
        return f"{counted(count, noun)} {'was' if count == 1 else 'were'}"
    objects = _listed([counted(kind.requests, _words(kind.type or "object")) for kind in group])
    return f"the {'transactions' if operation.flagged else f'{operation.noun}s'} of {objects} were"


def _words(name: str) -> str:
    """`OrderLineItem` as `order line item`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _fates(counts: Mapping[str, int]) -> Iterator[str]:
    rejected, repeated, pending = (counts[state] for state in ("rejected", "duplicate", "pending"))
    if counts["succeeded"]:
        everything = counts["succeeded"] == counts["rows"] > 1
        yield f"{'all ' if everything else ''}{counts['succeeded']:,} succeeded"
    bad = [f"{counts['failed']:,} failed"] if counts["failed"] else []
    bad += [f"{counts['unknown']:,} {'is' if counts['unknown'] == 1 else 'are'} unknown"] if counts["unknown"] else []
    bad += [f"{counted(rejected, 'row')} {_was(rejected)} rejected"] if rejected else []
    if bad:
        yield f"{_listed(bad)}, listed below"
    if repeated:
        yield f"{counted(repeated, 'row')} repeated another"
    if pending:
        yield f"{pending:,} {_was(pending)} not finished"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def time_taken(course: Course) -> str:
    """`13 min`; of a run with gaps `10 h 31 min, of which 31 min sending`."""
    whole = duration(course.seconds)
    if course.active >= MOSTLY * course.seconds:
        return whole
    return f"{whole}, of which {duration(course.active)} sending"
