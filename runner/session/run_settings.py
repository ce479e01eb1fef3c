"""What a run sends is built from its own facts: where to, under which entity, organisations and version.

Settings of a profile may change between two starts of a run. Then it is not the settings that decide: a difference is
refused with both values, and what the settings do not mention comes from the ledger.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from runner.config.connection import wire_of
from runner.config.settings import Flags, Settings, gather
from runner.domain.errors import Refused
from runner.ledger import Facts
from runner.zuora.connection import Wire


def settings_of_run(flags: Flags, facts: Facts) -> tuple[Flags, Settings]:
    """The settings for a run that exists: of its own tenant and profile, unless the command line names others.

    `--base-url` without `--profile` keeps the run's profile, if the configuration still has it.
    """
    base_url = flags.base_url if flags.base_url or flags.profile else facts.base_url
    own = dataclasses.replace(flags, base_url=base_url, run_profile=facts.profile)
    try:
        return own, gather(own)
    except Refused:
        if flags.base_url is None or flags.profile is not None:
            raise
    return flags, gather(flags)


def refuse_other_settings(settings: Settings, facts: Facts) -> None:
    """Raises Refused, with both values, if the settings would send the run's requests otherwise."""
    differing = [f"{name} {_shown(theirs)}, now {_shown(ours)}" for name, theirs, ours in _differences(settings, facts)]
    if differing:
        source = f"profile {settings.profile_name!r}" if settings.profile_name else "the command line"
        raise Refused(
            f"run {facts.run_id} was made with {'; '.join(differing)} ({source}); nothing was sent. A run keeps what "
            f"it was made with: restore that, or `regen abandon {facts.run_id}` and run the manifest again"
        )


def _differences(settings: Settings, facts: Facts) -> Iterator[tuple[str, Any, Any]]:
    """Name, the run's value, the settings' value. Without a profile the settings mention no more than a URL."""
    if _endpoint(settings.base_url) != _endpoint(facts.base_url):
        yield "base URL", facts.base_url, settings.base_url
    profile = settings.profile
    if settings.profile_name is None:
        return
    own = _own_url(settings, facts)
    if own is not None and _endpoint(own) != _endpoint(facts.base_url):
        yield "base URL", facts.base_url, own
    if sorted(profile.entity_ids) != sorted(facts.entity_ids):
        yield "entity_ids", facts.entity_ids, tuple(profile.entity_ids)
    if sorted(profile.org_ids) != sorted(facts.org_ids):
        yield "org_ids", facts.org_ids, tuple(profile.org_ids)
    if profile.zuora_version != facts.zuora_version:
        yield "zuora_version", facts.zuora_version, profile.zuora_version
    if profile.billing_id_field != (facts.billing_id_field or profile.billing_id_field):
        yield "billing_id_field", facts.billing_id_field, profile.billing_id_field


def _own_url(settings: Settings, facts: Facts) -> str | None:
    """The profile's URL, for a run that has its own from there: the run's facts override it, a change is a change."""
    source = facts.base_url_source or ""
    if not source.endswith(f"[profile.{facts.profile}]") or settings.sources.get("base_url") != "--base-url":
        return None
    return settings.profile.base_url


def _endpoint(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc.lower(), parts.path.rstrip("/")


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return "none" if value is None else str(value)


def wire_of_run(settings: Settings, facts: Facts) -> Wire:
    """How the client reaches the run's tenant. Raises Refused without credentials, or if the settings differ."""
    refuse_other_settings(settings, facts)
    return dataclasses.replace(
        wire_of(settings),
        base_url=facts.base_url,
        entity_ids=tuple(facts.entity_ids),
        org_ids=tuple(facts.org_ids),
        zuora_version=facts.zuora_version,
    )
