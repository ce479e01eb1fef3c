"""Whose run it is: the facts of its making, and refusals under another tenant or at another path."""

from __future__ import annotations

from typing import Any

from runner import __version__
from runner.config.settings import Settings
from runner.domain.errors import Refused
from runner.domain.run_status import RunStatus
from runner.ledger import Facts
from runner.runs.folder import RunFolder
from runner.session.open_run import OpenRun
from runner.system.timestamps import iso, now_microseconds
from runner.system.user import host_name, login


def refuse_moved(run: OpenRun) -> None:
    """A folder that was copied could be sent twice: at another path that needs --moved. Raises Refused."""
    folder, facts = run.folder, run.store.facts()
    here, there = (machine(), str(folder.path.resolve())), (facts.machine, facts.folder_path)
    if here != there:
        raise Refused(
            f"run {folder.id} was begun at {there[1]} on {there[0]}, this is {here[1]} on {here[0]}; if it was moved, "
            f"and is resumed nowhere else, use --moved: regen resume {folder.id} --moved"
        )


def facts_of(settings: Settings, tenant: str, inputs: dict[str, Any], fingerprint: str, folder: RunFolder) -> Facts:
    """The facts of a new run."""
    return Facts(
        status=RunStatus.PLANNED,
        run_id=folder.id,
        fingerprint=fingerprint,
        inputs=inputs,
        tenant=tenant,
        tenant_kind=settings.tenant,
        profile=settings.profile_name,
        base_url=settings.base_url,
        base_url_source=settings.sources.get("base_url"),
        host=settings.host,
        entity_ids=tuple(settings.profile.entity_ids),
        org_ids=tuple(settings.profile.org_ids),
        zuora_version=settings.profile.zuora_version,
        planned_at=iso(now_microseconds()),
        user=login(),
        machine=machine(),
        folder_path=str(folder.path.resolve()),
        version=__version__,
    )


def machine() -> str:
    """This machine, as far as a run is bound to it."""
    return host_name()


def refuse_other_tenant(facts: Facts, settings: Settings, tenant: str) -> None:
    """A run belongs to its tenant. Raises Refused under other credentials or at another path."""
    if facts.tenant != tenant:
        raise Refused(f"run {facts.run_id} belongs to another tenant; use the credentials that it was made with")
    if facts.host != settings.host:
        raise Refused(f"run {facts.run_id} is for {facts.host}, not {settings.host}; give --base-url or --profile")
