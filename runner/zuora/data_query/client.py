"""The tenant's Data Query: queries go out, extracts come back."""

from __future__ import annotations

import asyncio
import csv
import io
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from runner.system.atomic_file import replacing
from runner.system.timestamps import now_microseconds
from runner.zuora.client import Client
from runner.zuora.data_query import answer_file, job
from runner.zuora.data_query.job import ENDED_WITHOUT_RESULT, Job, QueryFailedError
from runner.zuora.data_query.parts import AT_ONCE, Part, answer_all
from runner.zuora.data_query.query_jobs import QueryJobs
from runner.zuora.retry import Sleep

RETRY_SECONDS = (2.0, 10.0, 30.0)  # before a query is asked again


class DataQuery:
    """All data queries of one command: at most five run at once, and jobs of a try that was broken off are followed.

    `as_of` is when the oldest query behind its extracts was submitted, in microseconds: what happened in the tenant
    since then, they need not show. `users` are the ids of who submitted them, as the tenant states it.
    """

    def __init__(self, client: Client, sleep: Sleep = asyncio.sleep, jobs: QueryJobs | None = None) -> None:
        self._client, self._sleep = client, sleep
        self._jobs = QueryJobs() if jobs is None else jobs
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._ends_lines = False  # the tenant ends the last line of its files
        self.as_of = now_microseconds()
        self.users: set[str] = set()

    async def columns(self, table: str) -> dict[str, str]:
        """The columns of a table that this tenant has, by their names in lower case, and their types.

        Raises QueryFailedError, with the tenant's reason, if it has no such table or refuses it.
        """
        rows = await self.rows(f"SHOW COLUMNS FROM {table}", ("column", "type"))
        return {row["column"].strip().lower(): row["type"].strip().lower() for row in rows}

    async def rows(self, sql: str, columns: Sequence[str]) -> list[dict[str, str]]:
        """The rows of a short answer. Raises QueryFailedError."""
        with tempfile.TemporaryFile() as file:
            await self._answer(sql, file, columns, in_halves=False)
            file.seek(0)
            text = io.StringIO(file.read().decode(), newline="")
            return [dict(zip(columns, row, strict=False)) for row in csv.reader(text) if row]

    async def extract(self, path: Path, columns: Sequence[str], parts: Sequence[Part]) -> int:
        """Write the rows of all parts to a CSV file with these columns; returns how many there are.

        A part with too many rows is halved. Raises QueryFailedError if an answer is refused or not whole.
        """
        count = 0
        with replacing(path) as file:
            file.write((",".join(columns) + "\n").encode())

            async def answer(sql: str) -> None:
                nonlocal count
                count += await self._answer(sql, file, columns)

            await answer_all(parts, answer)
        return count

    async def extract_as_named(self, path: Path, parts: Sequence[Part]) -> list[str]:
        """As `extract`, with the columns that the first answer has; returns them. None where no answer names any."""
        columns: list[str] = []
        with tempfile.TemporaryFile() as rows:

            async def answer(sql: str) -> None:
                await self._answer(sql, rows, columns)

            await answer_all(parts, answer)
            rows.seek(0)
            with replacing(path) as file:
                file.write((",".join(columns) + "\n").encode())
                shutil.copyfileobj(rows, file)
        return columns

    def forget(self) -> None:
        """All is complete: the jobs are of no use any more."""
        self._jobs.forget()

    async def _answer(self, sql: str, file: IO[bytes], columns: Sequence[str], *, in_halves: bool = True) -> int:
        """Append the rows of an answer; columns that are an empty list become those of the answer.

        A job that ended for no reason of the query's own is submitted again, a file that is not whole fetched again;
        what may have been too large is left to the caller, who halves it.
        """
        for seconds in RETRY_SECONDS:
            try:
                return await self._answered(sql, file, columns)
            except QueryFailedError as error:
                if not error.may_pass or (in_halves and error.divisible):
                    raise
            await self._sleep(seconds)
        return await self._answered(sql, file, columns)

    async def _answered(self, sql: str, file: IO[bytes], columns: Sequence[str]) -> int:
        with tempfile.TemporaryFile() as content:
            async with self._slots:
                stated = await self._completed(sql, content)
            if not columns and isinstance(columns, list):
                columns += answer_file.header(content)
            return answer_file.append(content, file, columns, stated)

    def _may_be_torn(self, file: IO[bytes]) -> bool:
        """Whether a file lacks the last line's end that the tenant's other files have: it may break off inside the last
        cell, which nothing else would show."""
        ends = answer_file.ends_a_line(file)
        before, self._ends_lines = self._ends_lines, self._ends_lines or bool(ends)
        return before and ends is False

    async def _completed(self, sql: str, file: IO[bytes]) -> int | None:
        """Download the answer; returns how many rows the job states."""
        followed = await self._followed(sql) or await self._submitted(sql)
        followed = await job.ended(self._client, followed, self._sleep)
        if isinstance(followed.created_by, str):
            self.users.add(followed.created_by)
        if followed.status in ENDED_WITHOUT_RESULT:
            self._jobs.drop(sql)
            raise job.refusal(followed, sql)
        await job.download(self._client, followed, file, self._sleep)
        if self._may_be_torn(file):  # what comes twice is so
            file.seek(0)
            file.truncate()
            await job.download(self._client, followed, file, self._sleep)
        return followed.rows

    async def _submitted(self, sql: str) -> Job:
        answer = await job.submitted(self._client, sql, self._sleep)
        self._jobs.remember(sql, answer.id)
        return answer

    async def _followed(self, sql: str) -> Job | None:
        """A job that was submitted before, as it is now; None if it is of no use any more."""
        remembered = self._jobs.get(sql)
        if remembered is None:
            return None
        try:
            answer = await job.retrieved(self._client, remembered.id, self._sleep)
        except QueryFailedError:
            return None
        if answer.status in ENDED_WITHOUT_RESULT:
            return None
        self.as_of = min(self.as_of, remembered.submitted_at)
        return answer
