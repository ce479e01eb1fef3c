"""Settings: flag over environment over profile over default; what cannot serve is refused with a remedy."""

from __future__ import annotations

import json
import sys

import pytest

from runner.config.settings import Flags, gather
from runner.domain.errors import Refused
from tests.flows.test_flows import subscriptions


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
    ("flags", "message"),
    [
        (Flags(), "no base URL"),
        (Flags(base_url="rest.zuora.com"), "expected something like"),
        (Flags(base_url="ftp://x"), "expected something like"),
        (Flags(base_url="http://rest.zuora.com"), "plain http is allowed only for this machine"),
        (Flags(base_url="https://u:p@rest.zuora.com"), "must not contain a user, password"),
        (Flags(base_url="https://rest.zuora.com?x=p"), "must not contain a user, password"),
        (Flags(base_url="https://rest.zuora.com/v1/"), "leave /v1 out"),
        (Flags(base_url="https://x:99999"), "ort"),
        (Flags(base_url="https://x", rate=-1), "rate: expected a positive number"),
        (Flags(base_url="https://x", rate=float("nan")), "rate: expected a positive number"),
        (Flags(base_url="https://x", concurrency=-1), "concurrency: expected a positive number"),
        (Flags(base_url="https://x", concurrency=0), "concurrency: expected a positive number"),
        (Flags(base_url="https://x", concurrency=10**8), "concurrency: expected up to 1,000"),
        (Flags(base_url="https://x", quota_share=1.5), "quota share"),
        (Flags(base_url="https://x", tenant="prod"), "tenant kind 'prod'"),
        (Flags(base_url="https://x", config="nowhere.toml"), "no such configuration file"),
    ],
)
def test_what_cannot_serve_is_refused(flags, message, tmp_path, monkeypatch):
    """In words for the person."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused, match=message):
        gather(flags, {"HOME": str(tmp_path)})


def test_short_names():
    """The hosts that Zuora documents, by name; a misspelt one is not taken for a host."""
    assert gather(Flags(base_url="us-sandbox"), {}).host == "rest.test.zuora.com"
    assert gather(Flags(), {"ZUORA_BASE_URL": "eu-production"}).tenant == "production"
    with pytest.raises(Refused, match="did you mean ap-sandbox"):
        gather(Flags(base_url="ap-sandbx"), {})


def test_every_layer_is_remembered(config):
    """Where each value comes from, the environment's numbers as numbers."""
    settings = gather(Flags(config=config, tenant="none"), {"REGEN_CONCURRENCY": "4", "REGEN_RUNS_DIR": "/r"})
    assert (settings.concurrency, str(settings.runs_dir), settings.rate) == (4, "/r", 5)
    assert settings.sources["concurrency"] == "REGEN_CONCURRENCY"
    assert settings.sources["rate"] == f"{config} [profile.sandbox]"
    assert (settings.sources["tenant"], settings.sources["quota_share"]) == ("--tenant", "default")
    with pytest.raises(Refused, match="REGEN_RATE: expected a number, not 'fast'"):
        gather(Flags(config=config), {"REGEN_RATE": "fast"})


def test_the_tenants_own_numbers(tmp_path):
    """`limits` take the place of those of the kind, one by one."""
    path = tmp_path / "regen.toml"
    path.write_text("[profile.x]\nbase_url = 'us-sandbox'\nlimits = { day = 1000 }\n")
    quota = gather(Flags(config=str(path), profile="x"), {}).quota
    assert (quota.minute, quota.hour, quota.day) == (12_500, 25_000, 1000)


SECRET = "[profile.x]\nbase_url = 'us-sandbox'\nclient_id = 'me'\nclient_secret = 'hush-hush'\n"


class TestCredentials:
    """From the environment or a command, never from a file of ours."""

    def test_from_the_environment(self):
        environment = {"ZUORA_CLIENT_ID": "i", "ZUORA_CLIENT_SECRET": "s"}
        settings = gather(Flags(base_url="http://127.0.0.1:1"), environment)
        assert (settings.credentials().client_id, settings.credentials().client_secret) == ("i", "s")
        assert "'s'" not in repr(settings)

    def test_a_line_end_is_no_part_of_a_secret(self):
        """Where a variable is filled from a file; nothing but white space is nothing."""
        environment = {"ZUORA_CLIENT_ID": "i\n", "ZUORA_CLIENT_SECRET": "s\r\n"}
        credentials = gather(Flags(base_url="http://127.0.0.1:1"), environment).credentials()
        assert (credentials.client_id, credentials.client_secret) == ("i", "s")
        with pytest.raises(Refused, match="set ZUORA_CLIENT_ID"):
            gather(Flags(base_url="http://127.0.0.1:1"), environment | {"ZUORA_CLIENT_ID": " "}).credentials()

    def test_missing(self):
        with pytest.raises(Refused, match="set ZUORA_CLIENT_SECRET"):
            gather(Flags(base_url="http://127.0.0.1:1"), {"ZUORA_CLIENT_ID": "i"}).credentials()

    @pytest.mark.parametrize("printed", [json.dumps({"client_id": "i", "client_secret": "s"}), "i\ns"])
    def test_from_a_command(self, tmp_path, printed):
        assert self.commanded(tmp_path, f"print({printed!r})").client_secret == "s"

    def test_a_command_runs_once(self, tmp_path, regen, simulator):
        """It may ask a person, or cost a request to a vault."""
        calls = tmp_path / "asked"
        code = f"open({str(calls)!r}, 'a').write('x'); print('i'); print('s')"
        command = json.dumps([sys.executable, "-c", code])
        (tmp_path / "regen.toml").write_text(f"[profile.x]\ncredential_command = {command}\n")
        with simulator() as server:
            manifest = subscriptions(tmp_path / "s.csv", 2)
            assert regen("run", manifest, "--base-url", server.url, "--profile", "x").code == 0
        assert calls.read_text() == "x"

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            ("raise SystemExit(3)", "exited with 3"),
            ("print('one')", "expected"),
            ("print(1)", "expe"),
            ('print(\'{"client_id": "i"}\')', "expected"),
            ('print(\'{"client_id": null, "client_secret": null}\')', "expected"),
            ("print('{client_id: i}')", "expected"),
            ("import os; os.write(1, b'\\xff \\xfe')", "expected"),
        ],
    )
    def test_from_a_command_that_fails(self, tmp_path, code, message):
        with pytest.raises(Refused, match=message):
            self.commanded(tmp_path, code)

    def commanded(self, folder, code):
        command = json.dumps([sys.executable, "-c", code])
        path = folder / "regen.toml"
        path.write_text(f'[profile.x]\nbase_url = "https://x"\ncredential_command = {command}\n')
        return gather(Flags(config=str(path), profile="x"), {}).credentials()


@pytest.mark.parametrize("minutes", ["-1", "nan"])
def test_patience_that_is_none(tmp_path, regen, minutes):
    """Refused, not taken for no patience at all."""
    manifest = subscriptions(tmp_path / "s.csv", 1)
    done = regen("run", manifest, "--base-url", "http://127.0.0.1:1", "--outage-patience", minutes)
    assert (done.code, "--outage-patience" in done.err) == (2, True)


class TestContradictions:
    """An explicit --profile beside a variable with another value: one of the two was forgotten, so both are named."""

    @pytest.fixture
    def full(self, tmp_path):
        path = tmp_path / "full.toml"
        path.write_text(
            '[profile.p]\nbase_url = "https://rest.test.zuora.com"\ntenant = "central-sandbox"\nrate = 5.0\n'
            'concurrency = 9\nquota_share = 0.5\nruns_dir = "there"\non_finish = "true"\nmetrics = "m.prom"\n'
            'notify = "https://hooks.example.com/hush"\nclient_id = "i"\nclient_secret = "hush"\n'
        )
        path.chmod(0o600)
        return str(path)

    @pytest.mark.parametrize(
        ("variable", "key", "value"),
        [
            ("ZUORA_BASE_URL", "base_url", "https://rest.zuora.com"),
            ("ZUORA_BASE_URL", "base_url", "us-production"),
            ("REGEN_TENANT", "tenant", "production"),
            ("REGEN_RATE", "rate", "6"),
            ("REGEN_CONCURRENCY", "concurrency", "10"),
            ("REGEN_QUOTA_SHARE", "quota_share", "0.6"),
            ("REGEN_RUNS_DIR", "runs_dir", "elsewhere"),
            ("REGEN_ON_FINISH", "on_finish", "hush"),
            ("REGEN_METRICS", "metrics", "n.prom"),
            ("REGEN_NOTIFY", "notify", "https://hooks.example.com/other-hush"),
        ],
    )
    def test_it_is_refused(self, full, variable, key, value):
        with pytest.raises(Refused, match=f"{variable} and {key} of --profile p differ") as refused:
            gather(Flags(config=full, profile="p"), {variable: value})
        assert "hush" not in str(refused.value)

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("ZUORA_BASE_URL", " https://REST.test.zuora.com:443/ "),
            ("ZUORA_BASE_URL", "us-sandbox"),
            ("REGEN_RATE", "5"),
            ("REGEN_RUNS_DIR", " there\n"),
            ("REGEN_NOTIFY", "https://hooks.example.com/hush"),
            ("REGEN_TENANT", ""),
        ],
    )
    def test_the_same_value_is_no_contradiction(self, full, variable, value):
        settings = gather(Flags(config=full, profile="p"), {variable: value})
        assert (settings.host, settings.rate) == ("rest.test.zuora.com", 5)

    def test_an_option_decides(self, full):
        flags = Flags(config=full, profile="p", base_url="https://rest.eu.zuora.com")
        assert gather(flags, {"ZUORA_BASE_URL": "https://rest.zuora.com"}).host == "rest.eu.zuora.com"

    def test_a_profile_that_nobody_named_yields(self, full):
        environment = {"REGEN_PROFILE": "p", "ZUORA_BASE_URL": "https://rest.eu.zuora.com"}
        assert gather(Flags(config=full), environment).host == "rest.eu.zuora.com"

    def test_credentials_are_settings_too(self, full):
        environment = {"ZUORA_CLIENT_ID": "other", "ZUORA_CLIENT_SECRET": "other-hush"}
        with pytest.raises(Refused, match="ZUORA_CLIENT_ID and ZUORA_CLIENT_SECRET differ from client_id") as refused:
            gather(Flags(config=full, profile="p"), environment).credentials()
        assert "hush" not in str(refused.value)
        assert gather(Flags(config=full), environment | {"REGEN_PROFILE": "p"}).credentials().client_id == "other"

    def test_a_password_in_the_variable_is_not_shown(self, full):
        with pytest.raises(Refused) as refused:
            gather(Flags(config=full, profile="p"), {"ZUORA_BASE_URL": "https://u:hush@rest.zuora.com"})
        assert "hush" not in str(refused.value)

    def test_the_command_exits_with_2(self, full, regen, monkeypatch):
        monkeypatch.setenv("ZUORA_BASE_URL", "https://rest.zuora.com")
        result = regen("config", "--config", full, "--profile", "p")
        assert result.code == 2
        assert "ZUORA_BASE_URL and base_url of --profile p differ" in result.err
