"""Every finding of `regen doctor`, in the order in which a run would meet them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from runner.config.production import is_guarded, kind_note
from runner.config.settings import Flags, Settings, gather, runs_folder
from runner.doctor import Finding, Level
from runner.doctor.finding import fail, ok, warn
from runner.doctor.network import line
from runner.doctor.storage import ground
from runner.doctor.tenant import tenant
from runner.domain.errors import Refused
from runner.zuora.tenants import limits_in_words


def findings(flags: Flags, manifests: Sequence[str], rows: int | None) -> Iterator[Finding]:
    """All findings, from the near to the far; what lies behind a broken link is not looked at."""
    try:
        settings = gather(flags)
    except Refused as error:
        yield fail("config", str(error), "`regen config` shows what is in force and where it comes from")
        with_runs = _runs(flags)
        if with_runs is not None:
            yield from ground(with_runs, manifests, rows)
        return
    yield from _config(settings)
    yield from ground(settings.runs_dir, manifests, rows)
    if settings.remote is not None:
        from runner.doctor.remote import remote_findings

        yield from remote_findings(settings.remote)
    way = list(line(settings.base_url, settings.profile.connect_timeout_seconds))
    yield from way
    if all(finding.level is not Level.FAIL or finding.name == "clock" for finding in way):
        yield from asyncio.run(_remote_findings(settings))


def _runs(flags: Flags) -> Path | None:
    try:
        return runs_folder(flags)
    except Refused:
        return None


async def _remote_findings(settings: Settings) -> list[Finding]:
    return [finding async for finding in tenant(settings)]


def _config(settings: Settings) -> Iterator[Finding]:
    source = f"{settings.config_path or 'no regen.toml'}, profile {settings.profile_name or '-'}"
    care = ", production: asks before it sends" if is_guarded(settings) else ""
    only = ", read_only: plans and looks, sends nothing" if settings.profile.read_only else ""
    yield ok("config", f"{source} → {settings.base_url} ({limits_in_words(settings.tenant)}{care}{only})")
    if (note := kind_note(settings)) is not None:
        yield warn("tenant", note, "or `tenant` in the profile; the tenant's own headers count once they are seen")
    until = settings.blackouts.closed_until(now := time.time())
    if until > now:
        opens = datetime.fromtimestamp(until).astimezone().strftime("%Y-%m-%d %H:%M %Z")
        message = f"{settings.blackouts}: nothing is sent before {opens}"
        yield warn("blackout", message, "a run waits by itself; or use a profile without this window")
    elif settings.blackouts:
        yield ok("blackout", f"{settings.blackouts}: open now")
