"""Whether a host is a production tenant, and what a read-only profile refuses."""

from __future__ import annotations

from runner.config.file import LimitSettings
from runner.config.settings import Settings
from runner.domain.errors import Refused
from runner.system.hosts import is_loopback
from runner.zuora.tenants import may_be_production, other_kind


def is_guarded(settings: Settings) -> bool:
    """Whether the tenant is to be treated as production: by its host, or because the profile says so."""
    named = settings.tenant == "production" and settings.sources.get("tenant") != "default"
    return may_be_production(settings.hostname) or (named and not is_loopback(settings.hostname))


def kind_note(settings: Settings) -> str | None:
    """That the kind of tenant was assumed from the host, and how to say otherwise; None where nothing was assumed."""
    assumed = settings.sources.get("tenant") == "default" and settings.profile.limits == LimitSettings()
    return other_kind(settings.hostname) if assumed else None


def refuse_read_only(settings: Settings, why: str = "nothing is sent") -> None:
    """Raises Refused if the profile may not send: no POST but the token's, no PUT."""
    if settings.profile.read_only:
        raise Refused(f"profile {settings.profile_name!r} is read_only: {why}; use another profile for that")
