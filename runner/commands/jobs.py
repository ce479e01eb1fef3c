"""`jobs`, `jobs stop ID`, and the tenant's backfill templates: short questions to the tenant, outside of any run.

Source: Zuora API reference, "List data backfill jobs", "List booking date backfill jobs", "Stop a data backfill job",
"Stop a booking date backfill job", "Cancel a journal run", "Download a data backfill template".
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from runner.config.production import is_guarded, refuse_read_only
from runner.config.settings import Flags, gather
from runner.domain.errors import ExitCode, Refused
from runner.domain.model import whole_number
from runner.session.tenant_jobs import _jobs, _stop
from runner.system.console import printable, say, say_json
from runner.system.timestamps import iso

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
