"""One data query: its job is submitted, followed to its end, and its file is downloaded.

Source: Zuora API reference, "Submit a data query job" (POST /query/jobs), "Retrieve a data query job" (GET
/query/jobs/{job-id}), and "Overview of Data Query" (limits: 500,000 rows out, 5 queries at once, 4 hours). The file is
outside of the API, at an address that is its own permission: no token goes there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import quote

import msgspec

from runner.domain.errors import RunnerError
from runner.domain.identity import canonical
from runner.domain.model import Reply, Silence
from runner.zuora.categories import WAITING
from runner.zuora.client import Client
from runner.zuora.envelope import BOM, envelope, failure
from runner.zuora.retry import Sleep, retried

PATH = "/query/jobs"
TRIES = 24  # of a request, some ten minutes in all: the same command follows the job further
FILE_TRIES = 6  # each after a new address
WAIT_SECONDS = (1.0, 30.0)  # between two looks at a job, or two tries: at first, at most
PATIENCE_SECONDS = 4 * 3600.0  # the server's own: an hour and three more attempts; a full queue may last as long
ENDED_WITHOUT_RESULT = frozenset({"failed", "cancelled", "canceled", "aborted"})
MOST_CHARACTERS = 300  # of a query or a reason in a message

# Reasons that a smaller query meets too.
_HOPELESS = re.compile(
    r"cannot be resolved|does not exist|failed to process object|denied|permission|not authori|mismatched input|syntax"
    r"|line \d+:\d+",
    re.IGNORECASE,
)
_UNKNOWN_NAME = re.compile(r"cannot be resolved|does not exist", re.IGNORECASE)
_CROWDED = re.compile(r"queue|concurren|too many|limit", re.IGNORECASE)


class QueryFailedError(RunnerError):
    """The tenant did not answer the query; the message says why.

    `divisible`: a part of it may be answered. `may_pass`: the same query may be answered when it is asked again.
    `unknown_name`: the tenant has no such table or column.
    """

    def __init__(
        self, message: str, *, divisible: bool = False, may_pass: bool = False, unknown_name: bool = False
    ) -> None:
        super().__init__(message)
        self.divisible, self.may_pass, self.unknown_name = divisible, may_pass, unknown_name


class Job(msgspec.Struct, frozen=True, rename="camel"):
    """A data query job, as far as it is of use here."""

    id: str
    query_status: str
    data_file: Any = None
    output_rows: Any = None
    created_by: Any = None  # a user's id
    error_message: Any = None  # of a job that failed; the pages show no such job

    @property
    def status(self) -> str:
        """`accepted`, `in_progress`, `completed`, … in lower case."""
        return self.query_status.lower()

    @property
    def is_over(self) -> bool:
        """Whether it ended, with or without a result."""
        return self.status == "completed" or self.status in ENDED_WITHOUT_RESULT

    @property
    def rows(self) -> int | None:
        """How many rows the file has, without its header; None where the job does not state that."""
        text = str(self.output_rows).strip()
        return int(text) if text.isascii() and text.isdigit() else None


class _Response(msgspec.Struct):
    data: Job


_decode = msgspec.json.Decoder(_Response).decode


async def submitted(client: Client, sql: str, sleep: Sleep) -> Job:
    """Submit a query; one that is submitted once more than needed does no harm. Raises QueryFailedError."""
    body = {"query": sql, "outputFormat": "CSV", "compression": "NONE", "output": {"target": "S3"}}
    return await _job_of(client, "POST", PATH, canonical(body), sleep)


async def retrieved(client: Client, job_id: str, sleep: Sleep) -> Job:
    """The job as it is now. Raises QueryFailedError."""
    return await _job_of(client, "GET", f"{PATH}/{quote(job_id, safe='')}", None, sleep)


async def ended(client: Client, job: Job, sleep: Sleep) -> Job:
    """Wait until a job is over. Raises QueryFailedError after `PATIENCE_SECONDS`."""
    waits = _waits()
    while not job.is_over:
        seconds = next(waits, None)
        if seconds is None:
            raise QueryFailedError(
                f"the data query job {job.id} has not ended within {PATIENCE_SECONDS / 3600:.0f} hours (it is "
                f"{job.status}); the same command follows it further"
            )
        await sleep(seconds)
        job = await retrieved(client, job.id, sleep)
    return job


async def download(client: Client, job: Job, file: IO[bytes], sleep: Sleep) -> None:
    """Write the file of a completed job to `file`, which is empty. Raises QueryFailedError.

    Its address expires, so that a new one is fetched before another attempt.
    """
    if job.rows == 0 and not job.data_file:
        return
    waits = _waits()
    for _ in range(FILE_TRIES):
        if not isinstance(job.data_file, str):
            raise QueryFailedError(f"the data query job {job.id} is completed, but names no file")
        answer = await client.download(job.data_file, file, encodings=("identity", "gzip"))
        if isinstance(answer, Reply) and answer.status == 200:
            return
        file.seek(0)
        file.truncate()
        await sleep(next(waits))
        job = await retrieved(client, job.id, sleep)
    raise QueryFailedError(f"the file of the data query job {job.id} cannot be downloaded: {failure(answer)}")


def refusal(job: Job, sql: str) -> QueryFailedError:
    """Why a job that ended without a result has none."""
    reason = str(job.error_message) if job.error_message else "no reason was stated"
    message = f"the data query job {job.id} is {job.status}: {_short(reason)}; the query: {_short(sql)}"
    failed = job.status == "failed"
    return QueryFailedError(
        message,
        divisible=failed and not _HOPELESS.search(reason),
        may_pass=not failed or not job.error_message or "failed to process object" in reason,
        unknown_name=_UNKNOWN_NAME.search(reason) is not None,
    )


async def _job_of(client: Client, method: str, path: str, body: bytes | None, sleep: Sleep) -> Job:
    """The job in the response to a request, which is tried again while that may help."""
    tries = 0

    def is_final(answer: Reply | Silence) -> bool:
        nonlocal tries
        if _job(answer) is not None:
            return True
        crowded = _is_crowded(answer)
        tries += not crowded
        return tries >= TRIES or not (crowded or _may_pass(client, answer))

    answer = await retried(lambda: client.ask(method, path, body), is_final, _waits(), sleep)
    job = _job(answer)
    if job is None:
        raise QueryFailedError(f"the tenant does not answer data queries: {_description(answer)}")
    return job


def _waits() -> Iterator[float]:
    """Ever longer, `PATIENCE_SECONDS` in all."""
    wait, longest = WAIT_SECONDS
    left = PATIENCE_SECONDS
    while left > 0:
        yield wait
        left, wait = left - wait, min(wait * 1.5, longest)


def _job(answer: Reply | Silence) -> Job | None:
    if not isinstance(answer, Reply) or not 200 <= answer.status < 300:
        return None
    try:
        return _decode(answer.body.removeprefix(BOM)).data
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _is_crowded(answer: Reply | Silence) -> bool:
    """Whether the queue is full. How that is refused is not published; a 429 says so of any request."""
    if isinstance(answer, Silence):
        return False
    return answer.status == 429 or (answer.status in (400, 403, 409) and _CROWDED.search(failure(answer)) is not None)


def _may_pass(client: Client, answer: Reply | Silence) -> bool:
    """Whether the same request may fare better in a moment."""
    if isinstance(answer, Silence):
        return answer.kind not in ("credentials", "certificate", "address")
    if answer.status == 401:
        client.auth.reject(answer.token)
    parsed = envelope(answer.body)  # that of other calls: a 200 that says "not now"
    waiting = parsed is not None and not parsed.success and not WAITING.isdisjoint(parsed.categories)
    return waiting or answer.status in (401, 408, 409) or answer.status >= 500


def _description(answer: Reply | Silence) -> str:
    reason = _short(failure(answer))
    bare = isinstance(answer, Silence) or reason.startswith("HTTP ")
    return reason if bare else f"HTTP {answer.status}, {reason}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
