"""A tenant with objects of its own behind HTTP: Data Query over DuckDB by the published facts, and regenerate calls.

Times in answers are in the tenant's zone, whole seconds; a query with too many rows fails; headers are in lower case.
"""

from __future__ import annotations

import csv
import io
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from tests.harness.imposter import Arrived, Response, imposter
from tests.harness.published_columns import COLUMNS

NUMBERS = {"version", "segment", "subscriptionversion", "amount", "totalamount"}


class TenantObjects:
    """Its tables, its jobs, and what was regenerated."""

    def __init__(self, zone: str = "UTC", *, rows_out: int = 500_000, lacks: frozenset[str] = frozenset()) -> None:
        self.url = ""
        self.zone, self.rows_out, self.lacks = zone, rows_out, lacks
        self.queries: list[str] = []
        self.regenerated: Counter[str] = Counter()
        self.refuse: set[str] = set()  # objects whose regeneration fails
        self.responses: dict[tuple[str, str], Any] = {}  # of other calls: method and path → a document
        self._jobs: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self._base = duckdb.connect()
        for table in COLUMNS:
            types = (f"{name} {_type(name)}" for name in self._columns(table))
            self._base.execute(f"CREATE TABLE {table} ({', '.join(types)})")

    def _columns(self, table: str) -> list[str]:
        return [name for name in COLUMNS[table].split() if name not in self.lacks]

    def add(self, table: str, updated: datetime | str, **cells: Any) -> None:
        """A row, updated then (UTC)."""
        moment = updated if isinstance(updated, datetime) else datetime.fromisoformat(updated).replace(tzinfo=UTC)
        cells |= {"updateddate": moment.astimezone(UTC).replace(tzinfo=None)}
        names = ", ".join(cells)
        with self._lock:
            if "id" in cells:
                self._base.execute(f"DELETE FROM {table} WHERE id = ?", [cells["id"]])
            self._base.execute(
                f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(cells))})", list(cells.values())
            )

    def fill(self, table: str, select: str) -> None:
        """Many rows at once: `select` gives their columns by name."""
        self._base.execute(f"INSERT INTO {table} BY NAME {select}")

    # -- HTTP ---------------------------------------------------------------------------------------------------

    def answer(self, arrived: Arrived) -> Response:
        """The response to a request."""
        path = arrived.path.partition("?")[0]
        if (arrived.method, path) in self.responses:
            return _json(self.responses[arrived.method, path])
        if path.startswith("/query/jobs"):
            return self._job(arrived)
        if path.startswith("/files/"):
            return Response(200, self._jobs[path.rpartition("/")[2]]["content"])
        if path.startswith("/v1/uno-regenerate"):
            return self._regenerate(json.loads(arrived.body))
        return Response()

    def _regenerate(self, body: dict[str, Any]) -> Response:
        name = " v".join(str(body[key]) for key in sorted(body.keys() - {"type"}))
        with self._lock:
            if name in self.refuse:
                reason = {"code": 58210040, "message": f"{name} cannot be regenerated"}
                return _json({"success": False, "processId": "P", "reasons": [reason]})
            self.regenerated[name] += 1
            return _json({"success": True, "idList": [f"{name}-{self.regenerated[name]}"]})

    def _job(self, arrived: Arrived) -> Response:
        with self._lock:
            if arrived.method == "POST":
                sql = json.loads(arrived.body)["query"]
                self.queries.append(sql)
                job = {"id": f"job-{len(self._jobs)}", "query": sql, "queryStatus": "accepted", "remainingRetries": 3}
                self._jobs[job["id"]] = job | self._outcome(job["id"], sql)
                return _json({"data": job})
            job = self._jobs[arrived.path.rpartition("/")[2]]
            return _json({"data": {name: value for name, value in job.items() if name != "content"}})

    def _outcome(self, name: str, sql: str) -> dict[str, Any]:
        try:
            content, rows = self.rows(sql)
        except (duckdb.Error, KeyError) as error:
            return {"queryStatus": "failed", "errorMessage": f"Column or table cannot be resolved: {error}"}
        if rows > self.rows_out:
            return {"queryStatus": "failed", "errorMessage": f"The number of output rows exceeds {self.rows_out}."}
        file = f"{self.url}/files/{name}"
        return {"queryStatus": "completed", "dataFile": file, "outputRows": rows, "content": content}

    def rows(self, sql: str) -> tuple[bytes, int]:
        """The CSV that answers a query, and its number of rows."""
        if sql.startswith("SHOW COLUMNS FROM "):
            rows: list[Any] = [(name, "varchar", "", name.title()) for name in self._columns(sql.split()[-1])]
            names = ["Column", "Type", "Extra", "Comment"]
        else:
            assert sql.count("TIMESTAMP '") == sql.count(" +00:00'"), "a literal without offset is in no certain zone"
            cursor = self._base.execute(sql.replace(" +00:00'", "'"))
            names, rows = [column[0] for column in cursor.description], cursor.fetchall()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([self._shown(value) for value in row] for row in rows)
        return text.getvalue().encode(), len(rows)

    def _shown(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return value.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).replace(microsecond=0).isoformat()
        return value


@contextmanager
def serving(tenant: TenantObjects) -> Iterator[TenantObjects]:
    """The tenant on a free port of this machine."""
    with imposter(tenant.answer) as server:
        tenant.url = server.url
        yield tenant


def _type(name: str) -> str:
    if name.endswith("date"):
        return "TIMESTAMP"
    return "BIGINT" if name in NUMBERS else "VARCHAR"


def _json(document: Any) -> Response:
    return Response(200, document, {"Content-Type": "application/json"})
