"""What a tenant's quota has left for a run: its windows, less what runs of the last day have sent."""

from __future__ import annotations

import contextlib
from collections import Counter

from runner.config.settings import Settings
from runner.dispatch.quota import DAY, HOUR, MINUTE, Quota
from runner.domain.errors import LedgerError
from runner.domain.run_status import RunStatus
from runner.ledger import open_read_only, queries
from runner.runs.brief import RunBrief
from runner.runs.known_runs import known_runs
from runner.session.open_run import OpenRun
from runner.system.timestamps import iso, now_microseconds


def quota_of(settings: Settings, run: OpenRun, tenant: str) -> Quota:
    """The windows of the tenant at our share of them, with what the runs of it in the run's own folder have used up."""
    limits = settings.quota
    windows = {} if limits is None else {MINUTE: limits.minute, HOUR: limits.hour, DAY: limits.day}
    quota = Quota(windows, settings.quota_share)
    if windows:
        for at, count in spent_before(run, tenant, settings.host):
            quota.spend(at, count)
    return quota


def spent_before(own: OpenRun, tenant: str, host: str) -> list[tuple[float, int]]:
    """What the runs of a tenant have sent in the last day, by the minute, in order: (seconds since epoch, count)."""
    since = now_microseconds() - DAY * 1_000_000
    minutes: Counter[float] = Counter(dict(queries.sent_by_minute(own.store, since)))
    for run in known_runs(own.folder.path.parent):
        if _sent_lately(run.brief, tenant, host, iso(since)) and run.id != own.folder.id:
            with contextlib.suppress(LedgerError), open_read_only(run.folder.ledger) as store:
                minutes.update(dict(queries.sent_by_minute(store, since)))
    return sorted(minutes.items())


def _sent_lately(brief: RunBrief, tenant: str, host: str, since: str) -> bool:
    if (brief.tenant, brief.host) != (tenant, host):
        return False
    last = brief.last_answered_at
    return brief.status is RunStatus.RUNNING or (last is not None and last >= since)
