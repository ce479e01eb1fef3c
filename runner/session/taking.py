"""What a start takes hold of before it sends: its tenant, its run id, its run on object storage."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from runner.config.settings import Settings
from runner.ledger import Facts
from runner.runs.folder import RunFolder
from runner.runs.lock import tenant_held
from runner.runs.used_ids import remember
from runner.session.invocation import Invocation
from runner.session.open_run import OpenRun
from runner.system.console import say
from runner.system.timestamps import iso, utc_now

if TYPE_CHECKING:
    from runner.session.remote_run import RemoteRun


def remote_run_of(run: OpenRun, settings: Settings, facts: Facts) -> RemoteRun | None:
    """The run on object storage; None for one without. Raises Refused, RunHeld."""
    if settings.remote is None and facts.remote is None:
        return None
    from runner.session.remote_run import RemoteRun, url_of

    return RemoteRun(url_of(settings, facts), run.folder, facts, settings)


def remember_use(folder: RunFolder, facts: Facts) -> None:
    """Remember that keys of this run are used: a later run without its folder would use the same."""
    remember(
        facts.run_id,
        host=facts.host,
        tenant=facts.tenant,
        folder=folder.path,
        planned_at=facts.planned_at,
        now=utc_now(),
    )


def hold_tenant(stack: contextlib.ExitStack, folder: RunFolder, facts: Facts, invocation: Invocation) -> None:
    """Hold the run's tenant; whoever else waits for it is shown when this invocation must end. Raises RunHeld."""
    held = stack.enter_context(
        tenant_held(
            folder.path.parent,
            facts.tenant,
            facts.host,
            run=folder.id,
            wait=invocation.wait,
            waiting=lambda text: say(text, err=True),
        )
    )
    if invocation.terms.until is not None:
        for lock in held:
            lock.expect_end(iso(int(invocation.terms.until * 1e6)))
