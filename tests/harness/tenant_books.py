"""A tenant's Data Query by the published facts, over tables of its own: a client that needs no network.

DuckDB answers the SQL. Results are in the tenant's time zone, a query with too many rows fails, at most five run at
once, and each job is seen under way before it is over.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

import duckdb

from runner.domain.model import Reply

BOOKING = (
    "id",
    "createddate",
    "updateddate",
    "updatedbyid",
    "subscriptionid",
    "subscriptionnumber",
    "subscriptionversion",
    "orderlineitemid",
    "rateplanchargeid",
    "chargenumber",
    "salesorderlineid",
)
BILLING = ("id", "createddate", "updateddate", "documentid", "documentnumber", "documenttype", "documentlineid")
TABLES = {
    "bookingtransaction": BOOKING,
    "billingtransaction": BILLING,
    "orderlineitem": ("id", "orderid", "itemnumber"),
    "orders": ("id", "ordernumber"),
}


class Books:
    """The tables, and the client through which they are asked."""

    def __init__(self, zone: str = "UTC", *, rows_out: int = 500_000, hyphens: bool = False, form: str = "") -> None:
        self.form = form  # of times, for strftime; ISO 8601 by default
        self.zone, self.rows_out, self.hyphens = zone, rows_out, hyphens
        self.queries: list[str] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.running: set[str] = set()
        self.most_at_once = 0
        self.user = "somebody"  # who submits the queries
        self.status_once: dict[str, str] = {}  # a word in a query → the status with which its first job ends
        self._base = duckdb.connect()
        for table, columns in TABLES.items():
            types = (f"{name} {'TIMESTAMP' if name.endswith('date') else 'VARCHAR'}" for name in columns)
            self._base.execute(f"CREATE TABLE {table} ({', '.join(types)})")

    def add(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Rows by column; times in microseconds."""
        columns = TABLES[table]
        for row in rows:
            values = [
                _moment(row[name]) if name in row and name.endswith("date") else row.get(name) for name in columns
            ]
            self._base.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", values)

    def remove(self, table: str, identifier: str) -> None:
        """A transaction is lost."""
        self._base.execute(f"DELETE FROM {table} WHERE id = ?", [identifier])

    # -- as the client is called --------------------------------------------------------------------------------

    async def ask(self, method: str, path: str, body: bytes | None = None) -> Reply:
        """POST /query/jobs, GET /query/jobs/{id}."""
        await asyncio.sleep(0)
        if method == "POST":
            assert body is not None
            sql = json.loads(body)["query"]
            self.queries.append(sql)
            name = f"job-{len(self.jobs)}"
            self.jobs[name] = {"id": name, "query": sql, "queryStatus": "accepted", "createdBy": self.user}
            self.running.add(name)
            self.most_at_once = max(self.most_at_once, len(self.running))
            return self._reply(self.jobs[name])
        job = self.jobs[path.rpartition("/")[2]]
        if job["queryStatus"] == "accepted":
            job["queryStatus"] = "in_progress"
        elif job["queryStatus"] == "in_progress":
            self._finish(job)
        return self._reply(job)

    async def download(self, url: str, file: IO[bytes], encodings: Collection[str] = ()) -> Reply:
        """The file of a job."""
        file.write(self.jobs[url]["content"])
        return Reply(200, b"")

    def _reply(self, job: dict[str, Any]) -> Reply:
        shown = {name: value for name, value in job.items() if name != "content"}
        return Reply(200, json.dumps({"data": shown}).encode())

    def _finish(self, job: dict[str, Any]) -> None:
        self.running.discard(job["id"])
        for word in list(self.status_once):
            if word in job["query"]:
                job["queryStatus"] = self.status_once.pop(word)
                return
        try:
            content, rows = self._answer(job["query"])
        except duckdb.Error as error:
            reason = f"Column cannot be resolved: {error}" if "not found" in str(error) else str(error)
            job |= {"queryStatus": "failed", "errorMessage": reason}
            return
        if rows > self.rows_out and job["query"].startswith("SELECT"):
            job |= {"queryStatus": "failed", "errorMessage": f"The number of output rows exceeds {self.rows_out}."}
            return
        job |= {"queryStatus": "completed", "dataFile": job["id"], "outputRows": rows, "content": content}

    def _answer(self, sql: str) -> tuple[bytes, int]:
        if sql.startswith("SHOW COLUMNS FROM "):
            lines = [f"{name},varchar,,{name.title()}" for name in TABLES[sql.split()[-1]]]
            return "\n".join(["Column,Type,Extra,Comment", *lines, ""]).encode(), len(lines)
        assert sql.count("TIMESTAMP '") == sql.count(" +00:00'"), "a literal without offset is in no certain zone"
        cursor = self._base.execute(sql.replace(" +00:00'", "'"))
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([self._shown(value) for value in row] for row in rows)
        return text.getvalue().encode(), len(rows)

    def _shown(self, value: Any) -> Any:
        if isinstance(value, datetime):
            local = value.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).replace(microsecond=0)
            return local.strftime(self.form) if self.form else local.isoformat()
        return value


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).replace(tzinfo=None)  # in UTC, as the tables are
