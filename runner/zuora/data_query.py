"""Data queries: SQL that the tenant answers with a file.

Source: Zuora API reference, "Submit a data query" (POST /query/jobs), "Retrieve a data query job" (GET
/query/jobs/{job-id}: `queryStatus` submitted, accepted, in_progress, completed, failed, cancelled; `dataFile` once it
is completed). The file lies outside of the API, at an address that is its own permission: no token goes there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import IO, Any
from urllib.parse import quote

import msgspec

from runner.domain.errors import RunnerError
from runner.domain.identity import canonical
from runner.domain.model import Reply, Silence
from runner.zuora.client import Client
from runner.zuora.envelope import envelope

PATH = "/query/jobs"
TRIES = 6
WAIT_SECONDS = (1.0, 15.0)  # between two looks: at first, at most
PATIENCE_SECONDS = 3600.0
OVER = ("completed", "failed", "cancelled")

Sleep = Callable[[float], Awaitable[None]]


class QueryFailedError(RunnerError):
    """The tenant did not answer the query; the message says why."""


async def query(client: Client, sql: str, file: IO[bytes], sleep: Sleep = asyncio.sleep) -> int | None:
    """Have the tenant answer a query and append the CSV to a file. Returns the number of rows that it says it has.

    Raises QueryFailedError, with the reason.
    """
    body = {"query": sql, "outputFormat": "CSV", "compression": "NONE", "output": {"target": "S3"}}
    job = await _asked(client, "POST", PATH, canonical(body), sleep)
    wait, waited = WAIT_SECONDS[0], 0.0
    while job["queryStatus"] not in OVER:
        if waited > PATIENCE_SECONDS:
            raise QueryFailedError(f"the data query {job.get('id')} has not ended within an hour; try again later")
        await sleep(wait)
        waited, wait = waited + wait, min(wait * 1.5, WAIT_SECONDS[1])
        job = await _asked(client, "GET", f"{PATH}/{quote(job['id'], safe='')}", None, sleep)
    if job["queryStatus"] != "completed" or not isinstance(job.get("dataFile"), str):
        raise QueryFailedError(f"the data query {job.get('id')} is {job['queryStatus']}: {_short(sql)}")
    await _download(client, job["dataFile"], file, sleep)
    rows = job.get("outputRows")
    return rows if isinstance(rows, int) else None


async def _asked(client: Client, method: str, path: str, body: bytes | None, sleep: Sleep) -> dict[str, Any]:
    """The job that the tenant tells. Asking once more than needed does no harm."""
    wait = WAIT_SECONDS[0]
    answer: Reply | Silence = Silence("unasked", sent=False)
    for _ in range(TRIES):
        answer = await client.ask(method, path, body)
        job = _job(answer)
        if job is not None:
            return job
        if not _may_pass(client, answer):
            break
        await sleep(answer.retry_after_seconds or wait)
        wait = min(wait * 2, WAIT_SECONDS[1])
    raise QueryFailedError(f"the tenant does not answer data queries: {_told(answer)}")


def _job(answer: Reply | Silence) -> dict[str, Any] | None:
    if not isinstance(answer, Reply) or answer.status != 200:
        return None
    try:
        job = msgspec.json.decode(answer.body).get("data")
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError):
        return None
    whole = isinstance(job, dict) and isinstance(job.get("id"), str) and isinstance(job.get("queryStatus"), str)
    return job if whole else None


def _may_pass(client: Client, answer: Reply | Silence) -> bool:
    """Whether the same question may fare better in a moment."""
    if isinstance(answer, Silence):
        return answer.kind not in ("credentials", "certificate")
    if answer.status == 401:
        client.auth.reject(answer.token)
    return answer.status in (401, 408, 429) or answer.status >= 500


async def _download(client: Client, url: str, file: IO[bytes], sleep: Sleep) -> None:
    wait, begin = WAIT_SECONDS[0], file.tell()
    answer: Reply | Silence = Silence("unasked", sent=False)
    for _ in range(TRIES):
        answer = await client.download(url, file)
        if isinstance(answer, Reply) and answer.status == 200:
            return
        file.seek(begin)
        file.truncate()
        await sleep(wait)
        wait = min(wait * 2, WAIT_SECONDS[1])
    raise QueryFailedError(f"the file of the data query cannot be fetched: {_told(answer)}")


def _told(answer: Reply | Silence) -> str:
    if isinstance(answer, Silence):
        return f"{answer.kind}: {answer.detail}"
    said = envelope(answer.body)
    return f"HTTP {answer.status}" + (f", {said.message}" if said and said.message else "")


def _short(sql: str) -> str:
    return sql if len(sql) <= 200 else sql[:199] + "…"


def quoted(texts: Sequence[str]) -> str:
    """Texts as SQL has them, separated by commas."""
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
