"""`jobs`, `jobs stop ID`, and the tenant's backfill templates: short questions to the tenant, outside of any run.

Source: Zuora API reference, "List data backfill jobs", "List booking date backfill jobs", "Stop a data backfill job",
"Stop a booking date backfill job", "Cancel a journal run", "Download a data backfill template".
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from runner.backfill import refuse_type
from runner.errors import ExitCode, Refused, RunnerError
from runner.guard import is_guarded, refuse_read_only
from runner.model import Reply, Silence, whole_number
from runner.session import wire_of
from runner.settings import Flags, Settings, gather
from runner.speech import printable, say, say_json
from runner.times import iso
from runner.zuora.client import Client, connected
from runner.zuora.job_list import LIST_PATH, MOST_PAGES, first_page, page
from runner.zuora.verdict import Envelope, envelope

BACKFILLS, BOOKING_DATES = "/v1/uno/data-backfill/jobs", "/v1/uno/data-backfill/bookingdate/jobs"
JOURNAL_RUNS = "/v1/journal-runs"
STOPPING = b'{"status":"Stopping"}'
TRY_AGAIN_SECONDS = (0.2, 1.0)
ENOUGH = 200  # jobs of a kind, the newest
END_OF_TIME = 253_402_300_800_000  # milliseconds: the year 10000


def list_jobs(flags: Flags, *, as_json: bool) -> ExitCode:
    """The tenant's backfill and booking date jobs, the newest first."""
    jobs = asyncio.run(_jobs(gather(flags)))
    if as_json:
        say_json(jobs)
    elif not any(jobs.values()):
        say("no jobs")
    for kind, found in jobs.items() if not as_json else ():
        for job in found:
            say(printable(_job_line(kind, job)))
    return ExitCode.SUCCEEDED


async def _jobs(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    async with connected(wire_of(settings)) as client:
        return {
            "data-backfill": await _listed(client, LIST_PATH),
            "booking-dates": await _listed(client, BOOKING_DATES),
        }


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


def _job_line(kind: str, job: Mapping[str, Any]) -> str:
    if kind == "booking-dates":
        counts = f"{job.get('progress', '')}, {job.get('errorCount', 0)} errors"
        when, what = str(job.get("createdOnReadable") or "-")[:16], "the whole tenant"
    else:
        counts = f"{job.get('processedCount', 0)} of {job.get('totalCount', 0)}, {job.get('failedCount', 0)} failed"
        when = _uploaded(job.get("uploadedOn"))
        what = f"{job.get('importType')} {job.get('uploadedFileName')}"
    return f"{when}  {job.get('id')}  {kind}  {job.get('status')!s:<10}  {counts}  {what}"


def _uploaded(milliseconds: object) -> str:
    """`uploadedOn` is epoch milliseconds in a string."""
    told = whole_number(str(milliseconds))
    return iso(told * 1000)[:16].replace("T", " ") if told is not None and told < END_OF_TIME else "-"


def stop_job(flags: Flags, job: str, *, yes: bool) -> ExitCode:
    """Stop a backfill or booking date job, or cancel a journal run."""
    settings = gather(flags)
    refuse_read_only(settings)
    if is_guarded(settings) and not (yes or settings.profile.allow_production):
        raise Refused(f"{settings.host} is production: say --yes, or `allow_production = true` in the profile")
    say(asyncio.run(_stop(settings, job)))
    return ExitCode.SUCCEEDED


async def _stop(settings: Settings, job: str) -> str:
    name = quote(job, safe="")
    async with connected(wire_of(settings)) as client:
        if job.upper().startswith("JR-"):
            await _asked(client, "PUT", f"{JOURNAL_RUNS}/{name}/cancel")
            return f"journal run {job} is being cancelled"
        for kind, path in (("data backfill", BACKFILLS), ("booking date backfill", BOOKING_DATES)):
            if await _is_there(client, f"{path}/{name}"):
                await _asked(client, "PUT", f"{path}/{name}", STOPPING)
                return f"{kind} job {job} is stopping"
    raise Refused(f"there is no job {job!r} in this tenant; `regen jobs` lists them")


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


def template_of(settings: Settings, type_: str) -> list[str]:
    """The lines of the tenant's own template for a type of backfill. Raises Refused if it is not to be had."""
    refuse_type(type_)
    return asyncio.run(_template_lines(settings, type_))


async def _template_lines(settings: Settings, type_: str) -> list[str]:
    async with connected(wire_of(settings)) as client:
        return (await _template(client, type_)).splitlines()


def templates(settings: Settings, types: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The columns of the tenant's own templates, by type. Raises Refused if one is not to be had."""
    wanted = sorted(set(types))
    return asyncio.run(_templates(settings, wanted)) if wanted else {}


async def _templates(settings: Settings, types: Iterable[str]) -> dict[str, tuple[str, ...]]:
    async with connected(wire_of(settings)) as client:
        return {type_: await _columns(client, type_) for type_ in types}


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
