"""Extracts of the tenant's tables: the answers of data queries under one header, each checked to be whole."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import IO

from runner.audit.query_parts import Part, answer_all
from runner.system.atomic_file import replacing
from runner.zuora import data_query
from runner.zuora.client import Client
from runner.zuora.data_query import QueryFailedError, Sleep
from runner.zuora.transaction_tables import ALWAYS, TransactionTable


class QueryJobs(MutableMapping[str, str]):
    """The jobs of an inquiry that is not complete, by query, in a file: the next try follows them instead of asking
    anew. `forget` once it is complete, since a later inquiry wants the tenant as it is then."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._jobs = {str(sql): str(job) for sql, job in json.loads(path.read_bytes()).items()}
        except (OSError, ValueError, AttributeError):
            self._jobs = {}

    def __getitem__(self, sql: str) -> str:
        return self._jobs[sql]

    def __setitem__(self, sql: str, job: str) -> None:
        if self._jobs.get(sql) != job:
            self._jobs[sql] = job
            self._write()

    def __delitem__(self, sql: str) -> None:
        del self._jobs[sql]
        self._write()

    def __iter__(self) -> Iterator[str]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)

    def forget(self) -> None:
        """The inquiry is complete."""
        self._jobs = {}
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        with replacing(self._path) as file:
            file.write(json.dumps(self._jobs).encode())


class Tenant:
    """The tenant's Data Query: queries go out, extracts come back."""

    def __init__(self, client: Client, sleep: Sleep, jobs: QueryJobs) -> None:
        self._client, self._sleep, self._jobs = client, sleep, jobs

    async def columns(self, table: TransactionTable) -> list[str]:
        """Those of a table's columns that this tenant has. Raises QueryFailedError if it lacks one that must be."""
        with tempfile.TemporaryFile() as answer:
            await data_query.query(self._client, f"SHOW COLUMNS FROM {table.sql_name}", answer, self._sleep)
            answer.seek(0)
            text = answer.read().decode("utf-8-sig")
        names = {row[0].strip().lower() for row in csv.reader(io.StringIO(text, newline="")) if row}
        missing = [column for column in ALWAYS if column not in names]
        if missing:
            raise QueryFailedError(f"the tenant's table {table.name} has no column {', '.join(missing)}")
        return [column for column in table.columns if column in names]

    async def extract(self, path: Path, columns: Sequence[str], parts: Sequence[Part]) -> Path:
        """Write the rows of all parts to a CSV file. Raises QueryFailedError if an answer is not whole."""
        with replacing(path) as file:
            file.write((",".join(columns) + "\n").encode())

            async def answer(sql: str) -> None:
                with tempfile.TemporaryFile() as part:
                    stated = await data_query.query(self._client, sql, part, self._sleep, self._jobs)
                    _append(part, file, columns, stated)

            await answer_all(parts, answer)
        return path


def _append(answer: IO[bytes], file: IO[bytes], columns: Sequence[str], stated: int | None) -> None:
    """Add the rows of an answer. Raises QueryFailedError if it is not what was asked for, or not whole."""
    rows = _records(answer)
    if stated is not None and rows != stated:
        raise QueryFailedError(f"the tenant states {stated:,} rows for a query; {rows:,} came: try again")
    answer.seek(0)
    header = answer.readline().decode("utf-8-sig", "replace").strip()
    names = [name.lower() for name in next(csv.reader([header]), [])]
    if names and names != list(columns):
        raise QueryFailedError(f"a data query came back with other columns: {header[:300]}")
    shutil.copyfileobj(answer, file, 1 << 20)
    answer.seek(max(0, answer.tell() - 1))
    if rows and answer.read() != b"\n":  # the next answer begins a line of its own
        file.write(b"\n")


def _records(answer: IO[bytes]) -> int:
    """How many records a CSV holds, without its header; those of a file that breaks off inside one are fewer."""
    answer.seek(0)
    lines, quotes, last = 0, False, b""
    while chunk := answer.read(1 << 20):
        lines += chunk.count(b"\n")
        quotes = quotes or b'"' in chunk or b"\r" in chunk
        last = chunk[-1:]
    if not quotes:
        return max(0, lines + (last not in (b"", b"\n")) - 1)
    answer.seek(0)
    text = io.TextIOWrapper(answer, "utf-8-sig", newline="")
    try:
        return max(0, sum(1 for row in csv.reader(text) if row) - 1)
    except (csv.Error, UnicodeDecodeError) as error:
        raise QueryFailedError(f"the file of the data query is no CSV ({error})") from error
    finally:
        text.detach()
