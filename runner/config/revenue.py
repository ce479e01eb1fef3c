"""From settings to Zuora Revenue's REST API: where it is, and as whom it is used."""

from __future__ import annotations

from runner.config.settings import Settings
from runner.zuora.revenue.connection import RevenueAuth, RevenueConnection, usual_auth


def revenue_connection_of(settings: Settings) -> RevenueConnection | None:
    """How to reach it; None where no `revenue_base_url` is set. Raises Refused without its own credentials."""
    url, profile = settings.revenue_base_url, settings.profile
    if url is None:
        return None
    return RevenueConnection(
        base_url=url,
        credentials=settings.revenue_credentials(),
        auth=RevenueAuth(profile.revenue_auth) if profile.revenue_auth else usual_auth(url),
        role=profile.revenue_role,
        client_name=profile.revenue_client_name,
        client_number=profile.revenue_client_number,
        time_zone=profile.revenue_time_zone,
        connect_seconds=profile.connect_timeout_seconds,
        request_seconds=profile.request_timeout_seconds,
    )
