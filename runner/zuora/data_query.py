"""Data queries: SQL that the tenant answers with a file.

Source: Zuora API reference, "Submit a data query job" (POST /query/jobs), "Retrieve a data query job" (GET
/query/jobs/{job-id}), and "Overview of Data Query" (limits: 500,000 rows out, 5 queries at once, 4 hours). The file is
outside of the API, at an address that is its own permission: no token goes there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from datetime import UTC, datetime
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
AT_ONCE = 5  # queries of a tenant that run at the same time
ROWS_OUT = 500_000  # a query with more of them fails
WAIT_SECONDS = (1.0, 30.0)  # between two looks at a job: at first, at most
PATIENCE_SECONDS = 4 * 3600.0  # the server's own: an hour and three more attempts
ENDED_WITHOUT_RESULT = ("failed", "cancelled", "canceled", "aborted")

Sleep = Callable[[float], Awaitable[None]]

# Reasons that a smaller query meets too.
_HOPELESS = re.compile(
    r"cannot be resolved|does not exist|failed to process object|denied|permission|not authori|mismatched input|syntax"
    r"|line \d+:\d+",
    re.IGNORECASE,
)
_CROWDED = re.compile(r"queue|concurren|too many|limit", re.IGNORECASE)


class QueryFailedError(RunnerError):
    """The tenant did not answer the query; the message says why. `divisible`: a part of it may be answered."""

    def __init__(self, message: str, *, divisible: bool = False) -> None:
        super().__init__(message)
        self.divisible = divisible


async def query(
    client: Client,
    sql: str,
    file: IO[bytes],
    sleep: Sleep = asyncio.sleep,
    jobs: MutableMapping[str, str] | None = None,
) -> int | None:
    """Have the tenant answer a query and append the CSV to a file. Returns the number of rows that the job states.

    `jobs` maps queries to the ids of their jobs: one that was submitted before is followed instead of submitted again.
    Raises QueryFailedError, with the reason.
    """
    jobs = {} if jobs is None else jobs
    job = await _known_job(client, jobs.get(sql), sleep) or await _submitted(client, sql, sleep)
    jobs[sql] = job["id"]
    job = await _ended(client, job, sleep)
    if job["queryStatus"] in ENDED_WITHOUT_RESULT:
        del jobs[sql]
        raise _failure(job, sql)
    await _download(client, job, file, sleep)
    rows = job.get("outputRows")
    return rows if isinstance(rows, int) else None


async def _submitted(client: Client, sql: str, sleep: Sleep) -> dict[str, Any]:
    body = {"query": sql, "outputFormat": "CSV", "compression": "NONE", "output": {"target": "S3"}}
    return await _job_of(client, "POST", PATH, canonical(body), sleep)


async def _known_job(client: Client, job_id: str | None, sleep: Sleep) -> dict[str, Any] | None:
    """A job that was submitted before, as it is now; None if it is of no use any more."""
    if job_id is None:
        return None
    try:
        job = await _job_of(client, "GET", _path(job_id), None, sleep)
    except QueryFailedError:
        return None
    return None if job["queryStatus"] in ENDED_WITHOUT_RESULT else job


async def _ended(client: Client, job: dict[str, Any], sleep: Sleep) -> dict[str, Any]:
    """Wait until a job is over."""
    wait, waited = WAIT_SECONDS[0], 0.0
    while job["queryStatus"] not in ("completed", *ENDED_WITHOUT_RESULT):
        if waited > PATIENCE_SECONDS:
            raise QueryFailedError(
                f"the data query job {job['id']} has not ended within {PATIENCE_SECONDS / 3600:.0f} hours (it is "
                f"{job['queryStatus']}); the same command follows it further"
            )
        await sleep(wait)
        waited, wait = waited + wait, min(wait * 1.5, WAIT_SECONDS[1])
        job = await _job_of(client, "GET", _path(job["id"]), None, sleep)
    return job


def _failure(job: dict[str, Any], sql: str) -> QueryFailedError:
    reason = next((str(job[name]) for name in ("errorMessage", "message") if job.get(name)), "no reason was stated")
    message = f"the data query job {job['id']} is {job['queryStatus']}: {_short(reason)}; the query: {_short(sql)}"
    return QueryFailedError(message, divisible=job["queryStatus"] == "failed" and not _HOPELESS.search(reason))


def _path(job_id: str) -> str:
    return f"{PATH}/{quote(job_id, safe='')}"


async def _job_of(client: Client, method: str, path: str, body: bytes | None, sleep: Sleep) -> dict[str, Any]:
    """The job in the response. A query that is submitted once more than needed does no harm."""
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
    raise QueryFailedError(f"the tenant does not answer data queries: {_description(answer)}")


def _job(answer: Reply | Silence) -> dict[str, Any] | None:
    if not isinstance(answer, Reply) or answer.status not in (200, 201):
        return None
    try:
        job = msgspec.json.decode(answer.body).get("data")
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError):
        return None
    whole = isinstance(job, dict) and isinstance(job.get("id"), str) and isinstance(job.get("queryStatus"), str)
    return job if whole else None


def _may_pass(client: Client, answer: Reply | Silence) -> bool:
    """Whether the same request may fare better in a moment. How a full queue refuses is not published."""
    if isinstance(answer, Silence):
        return answer.kind not in ("credentials", "certificate")
    if answer.status == 401:
        client.auth.reject(answer.token)
    crowded = answer.status in (400, 403, 409) and _CROWDED.search(_message(answer.body) or "") is not None
    return crowded or answer.status in (401, 408, 429) or answer.status >= 500


async def _download(client: Client, job: dict[str, Any], file: IO[bytes], sleep: Sleep) -> None:
    """Append the job's file. Its address expires, so that a new one is asked for before another attempt."""
    wait, begin = WAIT_SECONDS[0], file.tell()
    answer: Reply | Silence = Silence("unasked", sent=False)
    for _ in range(TRIES):
        if not isinstance(job.get("dataFile"), str):
            raise QueryFailedError(f"the data query job {job['id']} is completed, but names no file")
        answer = await client.download(job["dataFile"], file)
        if isinstance(answer, Reply) and answer.status == 200:
            return
        file.seek(begin)
        file.truncate()
        await sleep(wait)
        wait = min(wait * 2, WAIT_SECONDS[1])
        job = await _job_of(client, "GET", _path(job["id"]), None, sleep)
    raise QueryFailedError(f"the file of the data query job {job['id']} cannot be downloaded: {_description(answer)}")


def _description(answer: Reply | Silence) -> str:
    if isinstance(answer, Silence):
        return f"{answer.kind}: {answer.detail}"
    message = _message(answer.body)
    return f"HTTP {answer.status}" + (f", {_short(message)}" if message else "")


def _message(body: bytes) -> str | None:
    """What an error says: an envelope, or the shape of Data Query, `{"code", "message"}`."""
    known = envelope(body)
    if known and known.message:
        return known.message
    try:
        message = msgspec.json.decode(body).get("message")
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError):
        return None
    return str(message) if message else None


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else text[:299] + "…"


# -- SQL --------------------------------------------------------------------------------------------------------


def quoted(texts: Sequence[str]) -> str:
    """Texts as SQL has them, separated by commas."""
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)


def timestamp(microseconds: int) -> str:
    """A time as a literal: with its offset and three decimals, since more of them lose the index.

    Source: "General best practices" of Data Query.
    """
    milliseconds = microseconds // 1000
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S}.{milliseconds % 1000:03d} +00:00'"
