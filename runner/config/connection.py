"""From settings to a connection: which tenant, and how the client reaches it."""

from __future__ import annotations

import hashlib

from runner.config.settings import Settings
from runner.zuora.connection import Wire


def tenant_of(settings: Settings) -> str:
    """Which tenant the credentials are for: the profile's `tenant_id`, else a digest of the client id."""
    named = settings.profile.tenant_id
    return named or hashlib.sha256(settings.credentials().client_id.encode()).hexdigest()


def wire_of(settings: Settings) -> Wire:
    """How the client reaches the tenant."""
    profile = settings.profile
    return Wire(
        base_url=settings.base_url,
        credentials=settings.credentials(),
        concurrency=settings.concurrency,
        connect_seconds=profile.connect_timeout_seconds,
        request_seconds=profile.request_timeout_seconds,
        entity_ids=tuple(profile.entity_ids),
        org_ids=tuple(profile.org_ids),
        zuora_version=profile.zuora_version,
        read_only=profile.read_only,
    )
