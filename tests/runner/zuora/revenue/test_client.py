"""Tokens, patience and refusals of Zuora Revenue's REST API."""

from __future__ import annotations

import pytest

from runner.zuora.revenue.client import TRIES, RevenueUnavailableError
from runner.zuora.revenue.connection import RevenueAuth
from tests.harness.imposter import Response
from tests.runner.zuora.revenue.conftest import SECRET, TOKEN


async def errors(client):
    return await client.get("/v1/stage/error/transaction")


@pytest.mark.parametrize(
    ("auth", "path", "header", "value"),
    [
        (RevenueAuth.ROLE, "/api/integration/v1/stage/error/transaction", "token", TOKEN),
        (RevenueAuth.ONE_ID, "/revenue/api/integration/v1/stage/error/transaction", "Authorization", f"Bearer {TOKEN}"),
    ],
)
def test_each_host_has_its_own_token_and_path(looked, auth, path, header, value):
    """One token serves several questions."""

    async def twice(client):
        return [(await errors(client)).status, (await errors(client)).status]

    statuses, server, _ = looked(twice, lambda arrived: Response(204, b""), auth)
    assert statuses == [204, 204]
    assert [each.path for each in server.seen][1:] == [path, path]
    assert server.seen[1].headers[header] == value


def test_a_token_that_expired_is_fetched_anew(looked):
    """Once: a fresh one that is refused has no future."""
    left = [401, 204]
    page, server, waits = looked(errors, lambda arrived: Response(left.pop(0), b""))
    assert (page.status, [each.method for each in server.seen], waits) == (204, ["POST", "GET"] * 2, [])
    with pytest.raises(RevenueUnavailableError, match="HTTP 401") as raised:
        looked(errors, lambda arrived: Response(401, {"message": "expired"}))
    assert "not those of Billing" in raised.value.remedy


def test_what_may_pass_is_tried_again(looked):
    """After the wait that the server names; then its reason is shown."""
    left = [Response(429, b"", {"Retry-After": "120"}), Response(502, b"<html>"), Response(204, b"")]
    page, _, waits = looked(errors, lambda arrived: left.pop(0))
    assert (page.status, waits) == (204, [120.0, 2.0])
    with pytest.raises(RevenueUnavailableError, match="HTTP 503: busy"):
        looked(errors, lambda arrived: Response(503, {"message": "busy"}))


@pytest.mark.parametrize(
    ("status", "remedy"), [(403, "Webservices Outbound"), (405, "have the REST API enabled"), (302, "")]
)
def test_a_refusal_names_what_is_missing(looked, status, remedy):
    """At once, and without what was sent: a gateway may repeat that."""
    body = {"message": f"no: {TOKEN} {SECRET}"}
    with pytest.raises(RevenueUnavailableError) as raised:
        looked(errors, lambda arrived: Response(status, body, {"Location": "http://elsewhere/"}))
    assert remedy in raised.value.remedy
    assert f"HTTP {status}: no: *** ***" in str(raised.value)


@pytest.mark.parametrize("answer", [Response(200, {"status": "success"}), Response(400, {"error": "invalid_client"})])
def test_without_a_token_nothing_is_asked(looked, monkeypatch, answer):
    """Silence, a page, a success without a token: said, never shown."""
    monkeypatch.setattr("tests.runner.zuora.revenue.conftest.tokens", lambda arrived: answer)
    with pytest.raises(RevenueUnavailableError, match="no token of Zuora Revenue: HTTP"):
        looked(errors, lambda arrived: Response(204, b""))


def test_a_server_that_is_away_is_tried_some_times(looked, monkeypatch):
    """Then its silence is named."""
    monkeypatch.setattr("tests.runner.zuora.revenue.conftest.tokens", lambda arrived: Response(500, b""))
    with pytest.raises(RevenueUnavailableError, match="no token of Zuora Revenue: HTTP 500") as raised:
        looked(errors, lambda arrived: Response(204, b""))
    assert raised.value.remedy == "" and TRIES > 1
