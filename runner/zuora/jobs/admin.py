"""List, find and stop jobs; fetch backfill templates."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any
from urllib.parse import quote

from runner.domain.errors import Refused, RunnerError
from runner.domain.model import Reply, Silence
from runner.system.console import printable
from runner.zuora.client import Client
from runner.zuora.envelope import Envelope, accepted, envelope, failure
from runner.zuora.jobs.listing import MOST_PAGES, first_page, page
from runner.zuora.operations import AUTO_BACKFILL, BACKFILL, OPERATIONS, Tail
from runner.zuora.retry import retried

TRY_AGAIN_SECONDS = (0.2, 1.0)
ENOUGH = 200  # jobs of a kind, the newest

Jobs = list[dict[str, Any]]


async def list_jobs(client: Client) -> dict[str, Jobs]:
    """The newest jobs of every operation whose jobs the tenant lists, by operation. Raises RunnerError, Refused.

    A tenant that has no auto backfill has no jobs of it.
    """
    paths = {name: tail.list_path for name, tail in _tails() if tail.list_path is not None}
    jobs = {}
    for name, path in paths.items():
        if name == AUTO_BACKFILL.name and not await _has(client, path):
            continue
        jobs[name] = await _listed(client, path)
    return jobs


async def _has(client: Client, path: str) -> bool:
    answer = await client.ask("GET", first_page(path))
    return not (isinstance(answer, Reply) and answer.status in (404, 405))


async def stop_job(client: Client, job: str) -> str:
    """Stop a job, or cancel a journal run; returns what happens now. Raises Refused if the tenant has no such job."""
    job_id = quote(job, safe="")
    for name, tail in _tails():
        if tail.prefix and not job.upper().startswith(tail.prefix):
            continue
        if tail.prefix or await _exists(client, tail.path.format(job_id)):
            await _ask(client, "PUT", tail.stop_path.format(job_id), tail.stop_body)
            return f"{OPERATIONS[name].noun} {job} is being {'stopped' if tail.stop_body else 'cancelled'}"
    raise Refused(f"there is no job {job!r} in this tenant; `regen jobs` lists them")


def _tails() -> list[tuple[str, Tail]]:
    """The operations that create jobs; those whose jobs are known by their ids first."""
    tails = [(operation.name, operation.tail) for operation in OPERATIONS.values() if operation.tail is not None]
    tails = [(name, tail) for name, tail in tails if tail.stop_path]
    return sorted(tails, key=lambda named: not named[1].prefix)


async def _listed(client: Client, path: str) -> Jobs:
    jobs: Jobs = []
    next_path: str | None = first_page(path)
    for _ in range(MOST_PAGES):
        if next_path is None or len(jobs) >= ENOUGH:
            break
        read = page(await _ask(client, "GET", next_path))
        if read is None:
            raise RunnerError(f"GET {next_path}: the answer holds no list of jobs")
        jobs += read[0]
        next_path = read[1]
    return jobs


async def _exists(client: Client, path: str) -> bool:
    """Whether the tenant has such a job. Raises as `_ask` does where no usable answer comes."""
    answer = await client.ask("GET", path)
    parsed = envelope(answer.body) if isinstance(answer, Reply) else None
    if parsed is not None and not parsed.success and parsed.permanent:
        return False  # category 40, or another that says that it is no such id
    return _parsed(answer, f"GET {path}").success


async def _ask(client: Client, method: str, path: str, body: bytes | None = None) -> Envelope:
    """The tenant's answer. Raises Refused if it refuses, RunnerError if nothing usable came."""
    return _parsed(await client.ask(method, path, body), f"{method} {path}")


def _parsed(answer: Reply | Silence, what: str) -> Envelope:
    parsed = accepted(answer)
    if isinstance(parsed, Envelope):
        return parsed
    if isinstance(answer, Silence) and answer.kind != "credentials":
        raise RunnerError(f"{what}: {parsed}")
    raise Refused(printable(f"{what}: {parsed}") if isinstance(answer, Reply) else answer.detail)


async def template_columns(client: Client, type_: str) -> tuple[str, ...]:
    """The columns of the tenant's template for a type of backfill. Raises Refused."""
    try:
        header = next(csv.reader(io.StringIO(await template_text(client, type_), newline="")), [])
    except Refused as refused:
        raise Refused(f"{refused}; --no-template-check goes without it") from None
    return tuple(name.strip() for name in header)


async def template_text(client: Client, type_: str) -> str:
    """Download the tenant's data backfill template. Raises Refused if it cannot be had."""
    path = f"{BACKFILL.path}/{quote(type_, safe='')}/template"
    answer = await retried(lambda: client.ask("GET", path), _is_file, TRY_AGAIN_SECONDS, asyncio.sleep)
    if not isinstance(answer, Reply) or answer.status != 200 or envelope(answer.body) is not None:
        reason = failure(answer)
    elif (text := answer.body.decode("utf-8-sig", "replace")).strip():
        return text
    else:
        reason = "it is empty"
    raise Refused(f"the tenant's template for {type_}: {reason}")


def _is_file(answer: Reply | Silence) -> bool:
    return isinstance(answer, Reply) and answer.status == 200
