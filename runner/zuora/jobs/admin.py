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
from runner.zuora.envelope import Envelope, envelope
from runner.zuora.jobs.listing import MOST_PAGES, first_page, page

BACKFILLS, BOOKING_DATES = "/v1/uno/data-backfill/jobs", "/v1/uno/data-backfill/bookingdate/jobs"


JOURNAL_RUNS = "/v1/journal-runs"


STOPPING = b'{"status":"Stopping"}'


TRY_AGAIN_SECONDS = (0.2, 1.0)


ENOUGH = 200  # jobs of a kind, the newest


async def _listed(client: Client, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    at: str | None = first_page(path)
    for _ in range(MOST_PAGES):
        if at is None or len(found) >= ENOUGH:
            break
        told = page(await _asked(client, "GET", at))
        if told is None:
            raise RunnerError(f"GET {at}: the answer holds no list of jobs")
        found += told[0]
        at = told[1]
    return found


async def _is_there(client: Client, path: str) -> bool:
    """Whether the tenant has such a job. Raises as `_asked` does where it does not tell."""
    answer = await client.ask("GET", path)
    said = envelope(answer.body) if isinstance(answer, Reply) else None
    if said is not None and not said.success and said.permanent:
        return False  # category 40, or another that says that it is no such id
    return _said(answer, f"GET {path}").success


async def _asked(client: Client, method: str, path: str, body: bytes | None = None) -> Envelope:
    """What the tenant said. Raises Refused if it said no, RunnerError if nothing usable came."""
    return _said(await client.ask(method, path, body), f"{method} {path}")


def _said(answer: Reply | Silence, what: str) -> Envelope:
    if not isinstance(answer, Reply):
        if answer.kind == "credentials":
            raise Refused(answer.detail)
        raise RunnerError(f"{what}: {answer.kind}: {answer.detail}")
    said = envelope(answer.body)
    if said is None or not said.success or not 200 <= answer.status < 300:
        told = (said.message if said else None) or f"HTTP {answer.status}"
        raise Refused(printable(f"{what}: {told}"))
    return said


async def _columns(client: Client, type_: str) -> tuple[str, ...]:
    try:
        header = next(csv.reader(io.StringIO(await _template(client, type_), newline="")), [])
    except Refused as refused:
        raise Refused(f"{refused}; --no-template-check goes without it") from None
    return tuple(name.strip() for name in header)


async def _template(client: Client, type_: str) -> str:
    """Download a data backfill template."""
    path = f"{BACKFILLS}/{quote(type_, safe='')}/template"
    answer = await client.ask("GET", path)
    for wait in TRY_AGAIN_SECONDS:
        if isinstance(answer, Reply) and answer.status == 200:
            break
        await asyncio.sleep(wait)
        answer = await client.ask("GET", path)
    if not isinstance(answer, Reply):
        told = f"{answer.kind}: {answer.detail}"
    elif (said := envelope(answer.body)) is not None or answer.status != 200:
        told = (said.message if said else None) or f"HTTP {answer.status}"
    else:
        text = answer.body.decode("utf-8-sig", "replace")
        if text.strip():
            return text
        told = "it is empty"
    raise Refused(f"the tenant's template for {type_}: {told}")
