"""`regen doctor` looks at Zuora Revenue's own REST API, where the profile names it."""

from __future__ import annotations

import pytest

from tests.runner.doctor.test_checks import levels, line_of

KNOWN = {"revenue_client_id": "revenue-user", "revenue_client_secret": "revenue-hush"}


@pytest.mark.parametrize(
    ("options", "secret", "level", "words"),
    [
        ({}, "revenue-hush", "ok", "/api/integration shows the errors of staging, BI3_LINE_STAGE_HISTORY, BI3_RC_LNS"),
        ({}, "wrong", "warn", "no token of Zuora Revenue: HTTP 401"),
        ({}, "", "fail", "no credentials of Zuora Revenue: set ZUORA_REVENUE_CLIENT_SECRET"),
        ({"revenue_role": "none"}, "revenue-hush", "warn", "Webservices Outbound"),
        ({"revenue": "query"}, "revenue-hush", "warn", "have the REST API enabled for your Zuora Revenue"),
    ],
)
def test_what_the_api_lacks(regen, simulator, monkeypatch, options, secret, level, words):
    """Token, role, service: each with its remedy; no secret is shown, and no collection started."""
    monkeypatch.setenv("ZUORA_REVENUE_CLIENT_ID", "revenue-user")
    monkeypatch.setenv("ZUORA_REVENUE_CLIENT_SECRET", secret)
    with simulator(job_seconds=0, **KNOWN, **options) as server:
        monkeypatch.setenv("ZUORA_REVENUE_BASE_URL", server.url)
        done = regen("doctor", "--base-url", server.url, "--json")
        assert server.get("stats")["collectionsStarted"] == 0
    assert done.code == (2 if level == "fail" else 0)
    assert levels(done)["revenue-api"] == level
    assert words in line_of(done, "revenue-api")
    assert "hush" not in done.out + done.err


def test_where_nothing_names_it_nothing_is_asked(regen, simulator):
    """There is no finding."""
    with simulator(job_seconds=0) as server:
        assert "revenue-api" not in levels(regen("doctor", "--base-url", server.url, "--json"))
