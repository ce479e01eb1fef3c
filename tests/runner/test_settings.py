"""Settings: flag over environment over profile over default; what cannot serve is refused with a remedy."""

from __future__ import annotations

import json
import sys

import pytest

from runner.errors import Refused
from runner.settings import Flags, gather

CONFIG = """
default_profile = "sandbox"
[profile.sandbox]
base_url = "https://rest.test.zuora.com"
rate = 5
entity_ids = ["e1"]
[profile.live]
base_url = "https://rest.zuora.com"
[profile.live.patience]
attempts = 3
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "regen.toml"
    path.write_text(CONFIG)
    return str(path)


def test_the_order_of_precedence(config):
    """Each layer yields to the one before."""
    assert gather(Flags(config=config), {}).base_url == "https://rest.test.zuora.com"
    environment = {"ZUORA_BASE_URL": "https://rest.eu.zuora.com/"}
    assert gather(Flags(config=config), environment).base_url == "https://rest.eu.zuora.com"
    flags = Flags(config=config, base_url="http://127.0.0.1:9080", rate=7)
    assert gather(flags, environment).base_url == "http://127.0.0.1:9080"
    assert (gather(flags, {}).rate, gather(Flags(config=config), {}).rate) == (7, 5)
    assert gather(Flags(config=config), {}).concurrency == 30


def test_profiles(config):
    """By flag, by environment, by default."""
    assert gather(Flags(config=config, profile="live"), {}).profile.patience.attempts == 3
    assert gather(Flags(config=config), {"REGEN_PROFILE": "live"}).tenant == "production"
    assert gather(Flags(config=config), {}).profile.entity_ids == ["e1"]
    with pytest.raises(Refused, match="no profile 'prod'; known profiles: live, sandbox"):
        gather(Flags(config=config, profile="prod"), {})


@pytest.mark.parametrize(
    ("url", "host", "tenant"),
    [
        ("https://rest.zuora.com", "rest.zuora.com", "production"),
        ("https://rest.test.eu.zuora.com", "rest.test.eu.zuora.com", "developer-sandbox"),
        ("https://rest.apisandbox.zuora.com", "rest.apisandbox.zuora.com", "api-sandbox"),
        ("https://gateway.invalid:8443", "gateway.invalid:8443", "api-sandbox"),
        ("http://127.0.0.1:9080", "127.0.0.1:9080", "none"),
        ("http://[::1]:9080", "[::1]:9080", "none"),
        ("http://localhost", "localhost", "none"),
    ],
)
def test_hosts_and_their_kind(url, host, tenant):
    """The strictest that it can be; nothing on this machine."""
    settings = gather(Flags(base_url=url), {})
    assert (settings.host, settings.tenant) == (host, tenant)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (Flags(), "no base URL"),
        (Flags(base_url="rest.zuora.com"), "expected something like"),
        (Flags(base_url="ftp://x"), "expected something like"),
        (Flags(base_url="http://rest.zuora.com"), "plain http is for this machine alone"),
        (Flags(base_url="https://u:p@rest.zuora.com"), "no user, password"),
        (Flags(base_url="https://x:99999"), "ort"),
        (Flags(base_url="https://x", rate=-1), "rate: expected a positive number"),
        (Flags(base_url="https://x", concurrency=-1), "concurrency: expected a positive number"),
        (Flags(base_url="https://x", quota_share=1.5), "quota share"),
        (Flags(base_url="https://x", tenant="prod"), "tenant kind 'prod'"),
        (Flags(base_url="https://x", config="nowhere.toml"), "no such configuration file"),
    ],
)
def test_what_cannot_serve_is_refused(flags, told, tmp_path, monkeypatch):
    """In words for the person."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused, match=told):
        gather(flags, {"HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[profile.x]\nbase_ulr = 'u'", "base_ulr"),
        ("[profile.x]\nrate = 'fast'", "rate"),
        ("profile = 1", "profile"),
        ("not toml", "regen.toml"),
    ],
)
def test_a_config_that_cannot_be_read_names_the_key(tmp_path, text, told):
    """Unknown keys too."""
    path = tmp_path / "regen.toml"
    path.write_text(text)
    with pytest.raises(Refused, match=told):
        gather(Flags(config=str(path)), {})


class TestCredentials:
    """From the environment or a command, never from a file of ours."""

    def test_from_the_environment(self):
        environment = {"ZUORA_CLIENT_ID": "i", "ZUORA_CLIENT_SECRET": "s"}
        settings = gather(Flags(base_url="http://127.0.0.1:1"), environment)
        assert (settings.credentials().client_id, settings.credentials().client_secret) == ("i", "s")
        assert "'s'" not in repr(settings)

    def test_missing(self):
        with pytest.raises(Refused, match="set ZUORA_CLIENT_SECRET"):
            gather(Flags(base_url="http://127.0.0.1:1"), {"ZUORA_CLIENT_ID": "i"}).credentials()

    @pytest.mark.parametrize("printed", [json.dumps({"client_id": "i", "client_secret": "s"}), "i\ns"])
    def test_from_a_command(self, tmp_path, printed):
        assert self.commanded(tmp_path, f"print({printed!r})").client_secret == "s"

    @pytest.mark.parametrize(
        ("code", "told"), [("raise SystemExit(3)", "exited with 3"), ("print('one')", "expected"), ("print(1)", "expe")]
    )
    def test_from_a_command_that_fails(self, tmp_path, code, told):
        with pytest.raises(Refused, match=told):
            self.commanded(tmp_path, code)

    def commanded(self, folder, code):
        command = json.dumps([sys.executable, "-c", code])
        path = folder / "regen.toml"
        path.write_text(f'[profile.x]\nbase_url = "https://x"\ncredential_command = {command}\n')
        return gather(Flags(config=str(path), profile="x"), {}).credentials()
