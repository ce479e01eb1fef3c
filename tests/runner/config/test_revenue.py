"""The settings of Zuora Revenue's REST API."""

from __future__ import annotations

import json

import pytest

from runner.config.revenue import revenue_connection_of
from runner.config.settings import Flags, gather
from runner.domain.errors import Refused
from runner.zuora.auth import Credentials
from runner.zuora.revenue.connection import RevenueAuth

ENVIRONMENT = {"ZUORA_REVENUE_CLIENT_ID": "i", "ZUORA_REVENUE_CLIENT_SECRET": "hush"}


def connection(tmp_path, profile="", environment=ENVIRONMENT):
    path = tmp_path / "regen.toml"
    path.write_text(f"default_profile = 'p'\n[profile.p]\nbase_url = 'us-sandbox'\n{profile}\n")
    path.chmod(0o600)
    return revenue_connection_of(gather(Flags(config=str(path)), environment))


@pytest.mark.parametrize(
    ("url", "auth", "token_url", "api_url"),
    [
        (
            "https://one.zuora.com",
            RevenueAuth.ONE_ID,
            "https://one.zuora.com/oauth2/token",
            "https://one.zuora.com/revenue/api/integration",
        ),
        (
            "https://One.Zuora.com/revenue/api/integration/",
            RevenueAuth.ONE_ID,
            "https://one.zuora.com/oauth2/token",
            "https://one.zuora.com/revenue/api/integration",
        ),
        (
            "https://acme-snd01.revprooncloud.com/api",
            RevenueAuth.ROLE,
            "https://acme-snd01.revprooncloud.com/api/integration/v1/authenticate",
            "https://acme-snd01.revprooncloud.com/api/integration",
        ),
    ],
)
def test_where_the_api_is(tmp_path, url, auth, token_url, api_url):
    """By the host and whatever path is copied with it; the variable outranks the profile."""
    for environment, profile in (
        (ENVIRONMENT | {"ZUORA_REVENUE_BASE_URL": url}, ""),
        (ENVIRONMENT, f"revenue_base_url = '{url}'"),
    ):
        made = connection(tmp_path, profile, environment)
        assert (made.auth, made.token_url, made.api_url) == (auth, token_url, api_url)
        assert made.credentials == Credentials("i", "hush")
        assert "hush" not in repr(made)


def test_the_profile_decides(tmp_path):
    """Which way, as whom, in which zone; and its command outranks the variables."""
    command = "revenue_credential_command = ['printf', 'x\\ny']"
    profile = f"""
        revenue_base_url = 'https://one.zuora.com'\nrevenue_auth = 'role'\nrevenue_role = 'R'\n{command}
        revenue_client_name = 'C'\nrevenue_client_number = 7\nrevenue_time_zone = 'Asia/Tokyo'"""
    made = connection(tmp_path, profile)
    assert (made.auth, made.role, made.client_name, made.client_number) == (RevenueAuth.ROLE, "R", "C", 7)
    assert (made.time_zone, made.credentials) == ("Asia/Tokyo", Credentials("x", "y"))
    assert connection(tmp_path) is None


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("revenue_time_zone = 'Mars'", "revenue_time_zone: 'Mars' is not a time zone"),
        ("revenue_role = ''", "revenue_role: '' cannot be used in a header"),
        ("revenue_client_id = 'x'", "revenue_client_id and revenue_client_secret: one without"),
        ("revenue_credential_command = []", "revenue_credential_command: expected a command"),
        ("revenue_auth = 'basic'", "revenue_auth: invalid enum value 'basic'"),
        ("revenue_base_url = 'http://example.com'", "revenue_base_url: base URL 'http://example.com': plain http"),
        ("revenue_base_url = 'https://u:p@x.com'", "revenue_base_url: base URL: it must not"),
        (
            "revenue_credential_command = 'false'\nrevenue_base_url = 'https://x.com'",
            "revenue_credential_command: false",
        ),
    ],
)
def test_what_cannot_serve_is_refused(tmp_path, profile, words):
    """With the name of the key."""
    with pytest.raises(Refused) as refused:
        connection(tmp_path, profile)
    assert words in str(refused.value)


def test_secrets_are_shown_nowhere(tmp_path, monkeypatch, regen):
    """Neither by `config` nor where others can read the file."""
    own = "revenue_client_id = 'i'\nrevenue_client_secret = 'hush-hush'\nrevenue_base_url = 'https://one.zuora.com'"
    path = tmp_path / "regen.toml"
    path.write_text(f"default_profile = 'p'\n[profile.p]\n{own}\n")
    path.chmod(0o644)
    assert "profile.p.revenue_client_secret" in regen("config").err
    path.chmod(0o600)
    shown = regen("config", "--json")
    assert json.loads(shown.out)["revenue_credentials"]["value"] == "***"
    assert "hush" not in shown.out + regen("config").out
