"""Data queries over what the regenerate operations left behind: the objects BookingTransaction and BillingTransaction.

Source: "Submit a data query", "Retrieve a data query job", "Cancel a data query job"; "Booking Transaction object
fields and Data Query", "Billing Transaction object fields and Data Query" (of their columns those that a call fills).

Of SQL it knows `SELECT columns FROM object WHERE column = 'text' AND column >= TIMESTAMP '…' AND column IN ('…', …)`
and `SHOW COLUMNS FROM object`.
"""

from __future__ import annotations

import csv
import io
import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from runner.simulator.context import World
from runner.simulator.effects import Effects
from runner.simulator.request import Request
from runner.simulator.responses import (
    INVALID_VALUE,
    MISSING_FIELD,
    NOT_FOUND,
    Answer,
    Problem,
    encode,
    failure,
    stamped,
)
from runner.simulator.seeded_random import hex_ids

DATA_QUERY = 580000
FILES = "/query/files/"
_BEGIN = "/v1/uno-regenerate"
_COMMON = ("id", "transactiontype", "createddate", "updateddate")
_BOOKING = {
    "subscriptionId": "subscriptionid",
    "subscriptionName": "subscriptionnumber",
    "subscriptionVersion": "subscriptionversion",
    "orderLineItemId": "orderlineitemid",
    "orderNumber": "ordernumber",
    "ratePlanChargeId": "rateplanchargeid",
    "chargeNumber": "chargenumber",
}
_BILLING = {"id": "documentid", "documentId": "documentid", "number": "documentnumber"}
OBJECTS = {
    "bookingtransaction": (f"{_BEGIN}/booking-transaction", _BOOKING),
    "billingtransaction": (f"{_BEGIN}/billing-transaction", _BILLING),
}

_SELECT = re.compile(r"\s*select\s+(.+?)\s+from\s+(\w+)(?:\s+where\s+(.+?))?\s*;?\s*", re.IGNORECASE | re.DOTALL)
_SHOW = re.compile(r"\s*show\s+columns\s+(?:from|in)\s+(\w+)\s*;?\s*", re.IGNORECASE)
_TEXT = r"'(?:[^']|'')*'"
_CONDITION = re.compile(
    rf"(\w+)\s*(?:(=|>=|<=|>|<)\s*(?:timestamp\s+)?({_TEXT}|\d+)|in\s*\(\s*({_TEXT}(?:\s*,\s*{_TEXT})*)\s*\))",
    re.IGNORECASE,
)

Row = dict[str, str]


@dataclass(frozen=True)
class _Job:
    """A query and what came of it. A query that cannot be understood fails."""

    name: str
    query: str
    created_at: float
    seconds: float
    content: bytes | None
    rows: int
    cancelled: bool = False


class DataQuery:
    """The jobs, by id. They are kept in memory alone."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world = world
        self._effects = effects
        self._jobs: dict[str, _Job] = {}

    def submit(self, request: Request) -> Answer:
        """POST /query/jobs."""
        body = request.json if isinstance(request.json, dict) else {}
        for name in ("query", "outputFormat", "compression", "output"):
            if not body.get(name):
                return self._refuse(request, MISSING_FIELD, f"Missing required field: {name}")
        if body["outputFormat"] != "CSV" or body["compression"] != "NONE":
            return self._refuse(
                request, INVALID_VALUE, "outputFormat CSV and compression NONE are all that is imitated"
            )
        name = hex_ids(self._world.options.seed, 1, "query", str(len(self._jobs)))[0]
        content, rows = self._answer(str(body["query"]))
        now, seconds = self._world.now(), self._world.options.job_seconds
        job = self._jobs[name] = _Job(name, body["query"], now, seconds, content, rows)
        return self._shown(request, job)

    def retrieve(self, request: Request, name: str) -> Answer:
        """GET /query/jobs/{id}."""
        job = self._jobs.get(name)
        return self._unknown(request, name) if job is None else self._shown(request, job)

    def cancel(self, request: Request, name: str) -> Answer:
        """DELETE /query/jobs/{id}: only while it is under way."""
        job = self._jobs.get(name)
        if job is None:
            return self._unknown(request, name)
        if self._status(job) in ("accepted", "in_progress"):
            job = self._jobs[name] = replace(job, cancelled=True)
        return self._shown(request, job)

    def file(self, request: Request, name: str) -> Answer:
        """GET of a `dataFile`: as on S3, the address is the permission, and a token beside it is an error."""
        job = self._jobs.get(name.removesuffix(".csv"))
        if request.authorization:
            return Answer(400, b"<Error><Code>InvalidArgument</Code></Error>", "application/xml")
        if job is None or job.content is None or self._status(job) != "completed":
            return Answer(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")
        return Answer(200, job.content, "text/csv")

    def _status(self, job: _Job) -> str:
        if job.cancelled:
            return "cancelled"
        age = self._world.now() - job.created_at
        if age < job.seconds:
            return "accepted" if age < job.seconds / 4 else "in_progress"
        return "failed" if job.content is None else "completed"

    def _shown(self, request: Request, job: _Job) -> Answer:
        status = self._status(job)
        data: dict[str, Any] = {
            "id": job.name,
            "query": job.query,
            "remainingRetries": 3,
            "queryStatus": status,
            "useIndexJoin": False,
            "updatedOn": _stamp(self._world.now()),
        }
        if status == "completed":
            address = f"http://{request.host}{FILES}{job.name}.csv"
            data |= {"dataFile": address, "outputRows": job.rows, "processingTime": int(job.seconds * 1000)}
        if status == "failed":
            data["errorMessage"] = f"line 1:1: mismatched input {job.query[:40]!r}"
        return Answer(200, encode({"data": data}), headers=stamped(request))

    def _unknown(self, request: Request, name: str) -> Answer:
        return self._refuse(request, NOT_FOUND, f"Data query job {name} not found")

    def _refuse(self, request: Request, category: int, message: str) -> Answer:
        return failure(request, Problem(DATA_QUERY, category, message), self._world.options, 400)

    # -- SQL ----------------------------------------------------------------------------------------------------

    def _answer(self, query: str) -> tuple[bytes | None, int]:
        """The CSV that answers a query and its number of rows; None if it cannot be understood."""
        shown = _SHOW.fullmatch(query)
        if shown is not None and shown[1].lower() in OBJECTS:
            _, fields = OBJECTS[shown[1].lower()]
            lines = [f"{name},varchar,," for name in (*_COMMON, *dict.fromkeys(fields.values()))]
            return "\n".join(["Column,Type,Extra,Comment", *lines, ""]).encode(), len(lines)
        match = _SELECT.fullmatch(query)
        if match is None or match[2].lower() not in OBJECTS:
            return None, 0
        path, names = OBJECTS[match[2].lower()]
        columns = [*_COMMON, *dict.fromkeys(names.values())]
        wanted = columns if match[1].strip() == "*" else [name.strip().lower() for name in match[1].split(",")]
        conditions = _conditions(match[3] or "")
        if conditions is None or not set(columns).issuperset([*wanted, *(name for name, _, _ in conditions)]):
            return None, 0
        rows = [row for row in self._rows(path, names) if all(_holds(row, condition) for condition in conditions)]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(wanted)
        writer.writerows([row.get(name, "") for name in wanted] for row in rows)
        return text.getvalue().encode(), len(rows)

    def _rows(self, path: str, names: dict[str, str]) -> Iterator[Row]:
        """One row for each id that was ever made; updated when it was made last."""
        made: dict[str, Row] = {}
        for entry in self._effects.entries(path):
            body = entry.body if isinstance(entry.body, dict) else {}
            fields = {names[name]: str(value) for name, value in body.items() if name in names}
            for effect in entry.effects:
                for object_id in effect.ids:
                    row = made.setdefault(object_id, {"id": object_id, "createddate": _stamp(effect.at)})
                    row |= {**fields, "transactiontype": str(body.get("type", "")), "updateddate": _stamp(effect.at)}
        yield from made.values()


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _conditions(text: str) -> list[tuple[str, str, list[str]]] | None:
    """The conditions, all of which must hold: column, comparison, values. None if they cannot be understood."""
    conditions, at = [], 0
    while at < len(text):
        match = _CONDITION.match(text, at)
        if match is None:
            return None
        values = re.findall(_TEXT, match[4]) if match[4] else [match[3]]
        conditions.append((match[1].lower(), match[2] or "in", [_unquoted(value) for value in values]))
        glue = re.compile(r"\s*(?:and\s+|$)", re.IGNORECASE).match(text, match.end())
        if glue is None:
            return None
        at = glue.end()
    return conditions


def _unquoted(value: str) -> str:
    return value[1:-1].replace("''", "'") if value.startswith("'") else value


_COMPARISONS = {"=": operator.eq, ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


def _holds(row: Row, condition: tuple[str, str, list[str]]) -> bool:
    name, comparison, values = condition
    cell = row.get(name, "")
    if comparison == "in":
        return cell in values
    mine, theirs = _comparable(name, cell), _comparable(name, values[0])
    return bool(_COMPARISONS[comparison](mine, theirs))


def _comparable(name: str, value: str) -> Any:
    if not name.endswith("date"):
        return value
    try:
        moment = datetime.fromisoformat(value.replace(" +", "+"))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
