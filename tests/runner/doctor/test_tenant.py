"""What `regen doctor` sees of the tenant."""

from __future__ import annotations

import pytest

from tests.harness.imposter import Response, imposter
from tests.runner.doctor.test_checks import levels, line_of


def test_wrong_credentials_and_none(regen, simulator, monkeypatch):
    """Told apart, and exit 2."""
    with simulator(client_id="other") as server:
        done = regen("doctor", "--base-url", server.url, "--json")
        assert (done.code, levels(done)["token"]) == (2, "fail")
        assert "refused the client credentials (HTTP 401)" in line_of(done, "token")
        monkeypatch.delenv("ZUORA_CLIENT_ID")
        done = regen("doctor", "--base-url", server.url, "--json")
        assert (done.code, levels(done)["token"]) == (2, "fail")
        assert "set ZUORA_CLIENT_ID" in line_of(done, "token")


PAGE = "<!doctype html><title>Sign in to\nthe network</title><p>…"


DENIED = {"success": False, "reasons": [{"code": 53100310, "message": "No permission"}]}


@pytest.mark.parametrize(
    ("answer", "name", "level", "why"),
    [
        (Response(404, PAGE), "permission", "fail", "HTTP 404, a web page (Sign in to the network)"),
        (Response(200, PAGE), "permission", "fail", "check the base URL"),
        (Response(200, b"OK"), "permission", "fail", "no answer of the API"),
        (Response(302, "", {"Location": "http://elsewhere.invalid/"}), "permission", "fail", "HTTP 302"),
        (Response(403, DENIED), "permission", "fail", "HTTP 403: No permission → have an administrator"),
        (Response(401, DENIED), "token", "fail", "a fresh token is refused"),
        (Response(503, PAGE), "permission", "warn", "try again later"),
        (Response(200, {"success": False, "reasons": []}), "permission", "warn", "no reason given"),
        (Response(headers={"Concurrency-Limit-Limit": "20"}), "concurrency", "warn", "30 at once of 20"),
    ],
)
def test_what_the_tenant_answers(regen, answer, name, level, why):
    """Whatever it is, it is told in words, and only what would keep a run from going well is a failure."""
    with imposter(lambda arrived: answer if "listjobs" in arrived.path else Response()) as server:
        done = regen("doctor", "--base-url", server.url, "--json")
    assert (levels(done)[name], done.code) == (level, 2 if level == "fail" else 0)
    assert why in line_of(done, name)


def test_limits_that_are_not_those_of_the_kind(regen):
    """The tenant's headers against what `--tenant` promises."""
    lower_limits = Response(headers={"ratelimit-limit": "10000, 2500;w=60, 10000;w=86400"})
    with imposter(lambda arrived: lower_limits if "listjobs" in arrived.path else Response()) as server:
        for tenant, level in {"production": "warn", "api-sandbox": "ok", "none": "ok"}.items():
            done = regen("doctor", "--base-url", server.url, "--tenant", tenant, "--json")
            assert (levels(done)["limits"], done.code) == (level, 0)
            assert "2,500 a minute, 10,000 a day" in line_of(done, "limits")


def test_a_token_endpoint_that_is_none(regen):
    """A wrong path, a portal's page."""
    with imposter(lambda arrived: Response(404, PAGE)) as server:
        done = regen("doctor", "--base-url", server.url, "--json")
    assert (levels(done)["token"], done.code) == ("fail", 2)
    assert "HTTP 404" in line_of(done, "token")


def test_ids_that_the_tenant_does_not_take(tmp_path, regen):
    """Wrong ids are told from a missing permission by asking without them."""
    (tmp_path / "regen.toml").write_text("[profile.p]\nentity_ids = ['e9']\norg_ids = ['o1', 'o2']\n")

    def answer(arrived):
        wrong = {"success": False, "reasons": [{"code": 53100320, "message": "no such entity"}]}
        named = arrived.headers.get("Zuora-Entity-Ids") == "e9"
        return Response(400, wrong) if named and "listjobs" in arrived.path else Response()

    with imposter(answer) as server:
        done = regen("doctor", "--base-url", server.url, "--profile", "p", "--json")
        assert (levels(done)["ids"], done.code) == ("fail", 2)
        assert "entity ids e9 and org ids o1, o2" in line_of(done, "ids")
        assert "no such entity" in line_of(done, "ids")
    with imposter() as server:
        done = regen("doctor", "--base-url", server.url, "--profile", "p", "--json")
        assert (levels(done)["ids"], done.code) == ("ok", 0)
