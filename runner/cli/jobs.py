"""`regen jobs`, `regen jobs stop ID`: the tenant's jobs, outside of any run.

Source: Zuora API reference, "List data backfill jobs", "List booking date backfill jobs", "Stop a data backfill job",
"Stop a booking date backfill job", "Cancel a journal run".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from runner.cli import options
from runner.cli.help_format import Command, Group
from runner.domain.errors import ExitCode, Refused

END_OF_TIME = 253_402_300_800_000  # milliseconds: the year 10000


@click.group(cls=Group, invoke_without_command=True)
@options.connection
@options.as_json
@click.pass_context
def jobs(context: click.Context, /, json_: bool, **params: Any) -> ExitCode | None:
    """List the tenant's backfill and booking date jobs, or stop one.

    \b
    Examples:
      regen jobs
      regen jobs stop 4028818a7c8a5e1d017c8a6f3b1a0001

    Exit codes: 0, 2 refused, 4 the tenant or the credentials.
    """
    if context.invoked_subcommand is not None:
        context.obj = params
        return None
    return _print_jobs(params, as_json=json_)


@jobs.command(cls=Command)
@click.argument("job", metavar="ID")
@options.connection
@options.yes
@click.pass_obj
def stop(group_params: options.Params, /, job: str, yes: bool, **params: Any) -> ExitCode:
    """Stop a backfill or booking date job, or cancel a journal run (JR-…).

    \b
    Example:
      regen jobs stop JR-00000008

    Exit codes: 0, 2 refused (no such job; production), 4 the tenant.
    """
    import asyncio

    from runner.config.production import is_guarded, refuse_read_only
    from runner.config.settings import gather
    from runner.session.tenant_jobs import stop_tenant_job
    from runner.system.console import say

    merged = {name: value if value is not None else group_params.get(name) for name, value in params.items()}
    settings = gather(options.flags(merged))
    refuse_read_only(settings)
    if is_guarded(settings) and not (yes or settings.profile.allow_production):
        raise Refused(f"{settings.host} is production: add --yes, or `allow_production = true` to the profile")
    say(asyncio.run(stop_tenant_job(settings, job)))
    return ExitCode.SUCCEEDED


def _print_jobs(params: options.Params, *, as_json: bool) -> ExitCode:
    import asyncio

    from runner.config.settings import gather
    from runner.session.tenant_jobs import tenant_jobs
    from runner.system.console import printable, say, say_json

    listed = asyncio.run(tenant_jobs(gather(options.flags(params))))
    if as_json:
        say_json(listed)
        return ExitCode.SUCCEEDED
    lines = [printable(job_line(kind, job)) for kind, kind_jobs in listed.items() for job in kind_jobs]
    say("\n".join(lines) or "no jobs")
    return ExitCode.SUCCEEDED


def job_line(kind: str, job: Mapping[str, Any]) -> str:
    """A job of the tenant's list, as one line."""
    type_ = job.get("importType") or job.get("type")  # the list says `type`, one job `importType`
    if "createdOnReadable" in job:
        counts = f"{job.get('progress', '')}, {job.get('errorCount', 0)} errors"
        when, what = _moment(job.get("createdOn")), type_ or "the whole tenant"
    else:
        counts = f"{job.get('processedCount', 0)} of {job.get('totalCount', 0)}, {job.get('failedCount', 0)} failed"
        when = _moment(job.get("uploadedOn"))
        what = f"{type_ or '-'} {job.get('uploadedFileName')}"
    return f"{when}  {job.get('id')}  {kind}  {job.get('status')!s:<10}  {counts}  {what}"


def _moment(text: object) -> str:
    """A time of a job: `uploadedOn` and `createdOn` are epoch milliseconds, in a string or as a number."""
    from runner.domain.model import whole_number
    from runner.system.timestamps import iso

    milliseconds = whole_number(str(text))
    if milliseconds is None or milliseconds >= END_OF_TIME:
        return "-"
    return iso(milliseconds * 1000)[:16].replace("T", " ") + " UTC"
