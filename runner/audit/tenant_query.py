"""What the tenant itself says about a run: which of its ids exist and when they were updated, and what became of
unknown rows.

```
the run's time ─ query ─▶ extract of an object ─┬─ compare ─▶ missing ─ query by id ─▶ extract ─ compare ─▶ checks
                                                └─ unknown rows ─▶ annotations beside the outcome, never over it
```
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO

from runner.audit.check import LISTED, Check
from runner.audit.extract_diff import SLACK_SECONDS, Terms, compare, transactions
from runner.audit.reconcile import run_time
from runner.audit.unknown_rows import Annotation, annotated, written
from runner.ledger import Store, queries
from runner.runs.annotations import NAME
from runner.system.atomic_file import replacing
from runner.system.timestamps import moment, now_microseconds
from runner.zuora.client import Client
from runner.zuora.data_query import QueryFailedError, Sleep, query, quoted
from runner.zuora.operations import OPERATIONS

IDS_A_QUERY = 1000
EMPTY = b"id,updateddate\n"  # stands for answers without rows, which may have no header either
MOST_BY_ID = 50_000  # more missing ids than this are not asked for one by one


@dataclass(frozen=True)
class Inquiry:
    """What was found, and the files that tell of it."""

    checks: tuple[Check, ...]
    files: tuple[Path, ...]


def query_tables() -> dict[str, str]:
    """The object of Data Query that holds what an operation makes, by operation."""
    return {one.name: one.query_table for one in OPERATIONS.values() if one.query_table is not None}


async def inquire(store: Store, place: Path, client: Client, sleep: Sleep) -> Inquiry:
    """Ask the tenant about every object that the run touched. Raises QueryFailedError if it does not answer."""
    checks: list[Check] = []
    files: list[Path] = []
    annotations: list[Annotation] = []
    for operation, name in query_tables().items():
        unknown = list(queries.unknown(store, operation))
        if not unknown and next(transactions(store, operation), None) is None:
            continue
        extract = place / f"query-{name}.csv"
        await _ask(client, [_of_the_time(store, name)], extract, sleep)
        terms = Terms("id", "updateddate", operation, f"reconcile-{name}")
        compared = compare(store, place, str(extract), terms)
        if 0 < compared.checks[0].count <= MOST_BY_ID:
            await _ask(client, _by_id(name, compared.missing), extract, sleep)
        told = annotated(store, operation, unknown, extract, now_microseconds())
        explained = tuple(made for annotation in told for made in annotation.ids)
        compared = compare(store, place, str(extract), replace(terms, explained=explained))
        annotations += told
        checks += compared.checks
        files += [extract, compared.missing, compared.extra]
    if annotations:
        files.append(written(place / NAME, annotations))
        checks.append(_unknown(annotations))
    return Inquiry(tuple(checks), tuple(files))


def _of_the_time(store: Store, name: str) -> str:
    """The query for what was updated in the run's time."""
    first, last = run_time(store)
    slack = SLACK_SECONDS * 1_000_000
    since, until = (f"TIMESTAMP '{moment(at):%Y-%m-%d %H:%M:%S}'" for at in (first - slack, last + slack + 1_000_000))
    return f"SELECT * FROM {name.lower()} WHERE updateddate >= {since} AND updateddate <= {until}"  # noqa: S608


def _by_id(name: str, missing: Path) -> list[str]:
    """The queries for ids that were not updated in the run's time: they may be there all the same."""
    with missing.open(encoding="utf-8", newline="") as file:
        ids = (row["id"] for row in csv.DictReader(file))
        queries = []
        while some := list(islice(ids, IDS_A_QUERY)):
            queries.append(f"SELECT * FROM {name.lower()} WHERE id IN ({quoted(some)})")  # noqa: S608 - quoted
    return queries


async def _ask(client: Client, queries: Sequence[str], extract: Path, sleep: Sleep) -> None:
    """Append the answers to an extract, under one header. Raises QueryFailedError for one that is not whole."""
    with replacing(extract) as file:
        _copy(extract, file)
        for sql in queries:
            with tempfile.TemporaryFile() as answer:
                told = await query(client, sql, answer, sleep)
                if told is not None and (rows := _rows(answer)) != told:
                    raise QueryFailedError(f"the tenant says that a query has {told:,} rows; {rows:,} came: ask again")
                _append(answer, file)
        if not file.tell():
            file.write(EMPTY)


def _rows(answer: IO[bytes]) -> int:
    """How many records an answer holds, without its header; those of a file that breaks off inside one are fewer."""
    answer.seek(0)
    text = io.TextIOWrapper(answer, "utf-8-sig", newline="")
    try:
        return max(0, sum(1 for row in csv.reader(text) if row) - 1)
    except (csv.Error, UnicodeDecodeError) as error:
        raise QueryFailedError(f"the file of the data query is no CSV ({error})") from error
    finally:
        text.detach()


def _append(answer: IO[bytes], file: IO[bytes]) -> None:
    """Add the rows of an answer; its header, too, where there is none yet."""
    answer.seek(0)
    header = answer.readline()
    if not file.tell():
        file.write(header)
    shutil.copyfileobj(answer, file)
    answer.seek(max(0, answer.tell() - 1))
    if answer.read() not in (b"", b"\n"):  # the next answer begins a line of its own
        file.write(b"\n")


def _copy(extract: Path, file: IO[bytes]) -> None:
    """What an extract holds already, if it holds rows."""
    if extract.exists():
        with extract.open("rb") as before:
            if before.read(len(EMPTY) + 1) != EMPTY:
                before.seek(0)
                shutil.copyfileobj(before, file)


def _unknown(annotations: Sequence[Annotation]) -> Check:
    """What the tenant says of unknown rows: notes, for the outcome stays what it is."""
    told = Counter(annotation.answer for annotation in annotations)
    notes = [f"{count:,} {answer}" for answer, count in told.items()]
    notes += [f"row {one.row}: {one.label}: {one.answer}; {one.reason}" for one in islice(annotations, LISTED)]
    return Check("unknown", "what the tenant says of unknown rows", (), 0, tuple(notes))
