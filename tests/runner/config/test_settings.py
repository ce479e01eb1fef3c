"""Settings: flag over environment over profile over default; what cannot serve is refused with a remedy."""

from __future__ import annotations

import json
import re
import sys
import time
import tomllib
from datetime import datetime

import msgspec
import pytest

from runner.config.file import TABLES, Profile
from runner.config.settings import Flags, gather, runs_folder
from runner.domain.errors import Refused
from runner.system.timestamps import next_occurrence
from runner.zuora.tenants import ENDPOINTS
from tests.documentation.documents import topic
from tests.flows.test_flows import subscriptions

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
    ("flags", "message"),
    [
        (Flags(), "no base URL"),
        (Flags(base_url="rest.zuora.com"), "expected something like"),
        (Flags(base_url="ftp://x"), "expected something like"),
        (Flags(base_url="http://rest.zuora.com"), "plain http is for this machine alone"),
        (Flags(base_url="https://u:p@rest.zuora.com"), "no user, password"),
        (Flags(base_url="https://rest.zuora.com?x=p"), "no user, password"),
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[profile.x]\nbase_ulr = 'u'", "unknown key `profile.x.base_ulr`; did you mean `base_url`"),
        ("[profile.x.patience]\natempts = 2", "`profile.x.patience.atempts`; did you mean `attempts`"),
        ("[profile.x.limits]\nsecond = 2", "`profile.x.limits.second`"),
        ("defualt_profile = 'x'", "did you mean `default_profile`"),
        ("[profile.x]\nqqqqqqqq = 1", "known keys: .*read_only"),
        ("[profile.x]\nrate = 'fast'", "profile.x.rate: expected `float"),
        ("[profile.x.limits]\nday = 0", "profile.x.limits.day: expected a positive"),
        ("[profile.x]\nrequest_timeout_seconds = 0", "request_timeout_seconds"),
        ("[profile.x.patience]\nattempts = 0", "patience"),
        ("[profile.x]\nblackout = ['06:00-09:00']", "blackout"),
        ("[profile.x]\nbilling_id_field = 'key'", "billing_id_field"),
        ("[profile.x]\nrequest_timeout_seconds = nan", "request_timeout_seconds"),
        ("[profile.x]\npatience = { cap_seconds = inf }", "patience"),
        ("[profile.x]\njobs = { search_seconds = -1.0 }", "jobs"),
        ('[profile.x]\nentity_ids = ["a\\r\\nX: 1"]', r"entity_ids: 'a\\r\\nX: 1' is no id"),
        ("[profile.x]\norg_ids = ['']", "org_ids"),
        ("[profile.x]\nzuora_version = 'a b'", "zuora_version"),
        ("[profile.x]\ncredential_command = 'echo \"x'", "credential_command: expected a command"),
        ("[profile.x]\ncredential_command = []", "credential_command"),
        ("[profile.x]\ncredential_command = '  '", "credential_command"),
        ("profile = 1", "profile"),
        ("default_profile = 1", "default_profile"),
        ("not toml", "regen.toml"),
    ],
)
def test_a_config_that_cannot_be_read_names_the_key(tmp_path, text, message):
    """Unknown keys too."""
    path = tmp_path / "regen.toml"
    path.write_text(text)
    with pytest.raises(Refused, match=message):
        gather(Flags(config=str(path)), {})


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path):
    """Some editors write one."""
    path = tmp_path / "regen.toml"
    path.write_text("\ufeff[profile.x]\nbase_url = 'us-sandbox'\n", "utf-8")
    assert gather(Flags(config=str(path), profile="x"), {}).host == "rest.test.zuora.com"


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


def test_the_users_own_config(tmp_path, monkeypatch):
    """In the working folder, else in the config folder of the user, else where REGEN_CONFIG says."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "home/.config/regen/regen.toml"
    path.parent.mkdir(parents=True)
    path.write_text("default_profile = 'x'\n[profile.x]\nruns_dir = 'users'\n")
    environment = {"HOME": str(tmp_path / "home")}
    assert str(runs_folder(Flags(), environment)) == "users"
    (tmp_path / "regen.toml").write_text("default_profile = 'x'\n[profile.x]\nruns_dir = 'here'\n")
    assert str(runs_folder(Flags(), environment)) == "here"
    assert str(runs_folder(Flags(), {"REGEN_CONFIG": str(path)})) == "users"


SECRET = "[profile.x]\nbase_url = 'us-sandbox'\nclient_id = 'me'\nclient_secret = 'hush-hush'\n"


@pytest.mark.skipif(sys.platform == "win32", reason="other permissions")
def test_a_secret_in_a_file_that_others_can_read_is_refused(tmp_path):
    """With the remedy; private it serves, and shows itself nowhere."""
    path = tmp_path / "regen.toml"
    path.write_text(SECRET)
    for mode in (0o644, 0o640, 0o604):
        path.chmod(mode)
        with pytest.raises(Refused, match="chmod 600") as refused:
            gather(Flags(config=str(path), profile="x"), {})
        assert "hush" not in str(refused.value)
    path.chmod(0o600)
    settings = gather(Flags(config=str(path), profile="x"), {})
    assert settings.credentials().client_secret == "hush-hush"
    assert "hush" not in repr(settings)
    both = {"ZUORA_CLIENT_ID": "i", "ZUORA_CLIENT_SECRET": "s"}
    assert gather(Flags(config=str(path)), both | {"REGEN_PROFILE": "x"}).credentials().client_secret == "s"


def test_config_shows_what_is_in_force(tmp_path, regen, monkeypatch):
    """Values with their source; no secret, neither in text nor in JSON; commands are not run."""
    path = tmp_path / "regen.toml"
    path.write_text(SECRET + "notify = 'https://hooks.invalid/T0/very-secret'\n")
    path.chmod(0o600)
    monkeypatch.setenv("ZUORA_CLIENT_SECRET", "")
    shown = regen("config", "--profile", "x")
    assert shown.code == 0
    assert "hush" not in shown.out and "very-secret" not in shown.out
    document = regen("config", "--profile", "x", "--json").document
    assert document["notify"]["value"] == "https://hooks.invalid/***"
    assert document["base_url"] == {"value": "https://rest.test.zuora.com", "source": "regen.toml [profile.x]"}
    assert document["concurrency"] == {"value": 30, "source": "default"}
    assert document["limits"]["value"]["day"] == 50_000
    assert document["credentials"]["value"] == "***"
    path.write_text("[profile.x]\ncredential_command = 'false --token=inline-secret'\n")
    assert "inline-secret" not in regen("config", "--profile", "x").out


def test_config_before_there_is_any(tmp_path, regen):
    """Says what is missing and where a file would be looked for."""
    shown = regen("config")
    assert shown.code == 0
    assert "neither ./regen.toml nor" in shown.out


@pytest.mark.parametrize(
    "url",
    ["https://u:hush@x:99999", "ftp://u:hush@x", "u:hush@rest.zuora.com", "https://x/v1?token=hush", "hush@localhost"],
)
def test_a_secret_in_a_base_url_is_not_repeated(url):
    """Wherever it stands, and whatever else is wrong with the URL."""
    with pytest.raises(Refused, match="no user, password") as refused:
        gather(Flags(base_url=url), {})
    assert "hush" not in str(refused.value)


def test_an_empty_variable_names_no_file(tmp_path, monkeypatch):
    """As with every other variable."""
    monkeypatch.chdir(tmp_path)
    environment = {"REGEN_CONFIG": "", "REGEN_PROFILE": "", "REGEN_RATE": "", "HOME": str(tmp_path)}
    assert gather(Flags(base_url="http://127.0.0.1:1"), environment).config_path is None


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


def test_the_topic_names_every_key():
    """In its table, each with its default."""
    text = topic("settings")
    table = [line for line in text.splitlines() if line.startswith("| `")]
    for key in Profile.__struct_fields__:
        assert [line for line in table if f"`{key}`" in line.split("|")[1]], key
    for name, kind in TABLES.items():
        (row,) = [line for line in table if f"`{name}`" in line.split("|")[1]]
        for key, value in msgspec.structs.asdict(kind()).items():
            assert f"{key} = {'…' if value is None else f'{value:g}'}" in row
    for text_of_toml in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
        for table_ in tomllib.loads(text_of_toml)["profile"].values():
            msgspec.convert(table_, Profile)
    for short in ENDPOINTS:
        assert short.partition("-")[2] in text


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="no zone can be set")
@pytest.mark.parametrize("evening", ["2026-03-07 22:00", "2026-10-31 22:00", "2026-06-01 22:00"])
def test_until_is_what_the_clock_on_the_wall_shows(evening, monkeypatch):
    """Also in the nights in which it is set."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        now = datetime.fromisoformat(evening)
        then = time.localtime(next_occurrence("06:00", now))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (then.tm_hour, then.tm_min) == (6, 0)
    assert then.tm_yday == now.timetuple().tm_yday + 1


@pytest.mark.parametrize("minutes", ["-1", "nan"])
def test_patience_that_is_none(tmp_path, regen, minutes):
    """Refused, not taken for no patience at all."""
    manifest = subscriptions(tmp_path / "s.csv", 1)
    done = regen("run", manifest, "--base-url", "http://127.0.0.1:1", "--outage-patience", minutes)
    assert (done.code, "--outage-patience" in done.err) == (2, True)


def test_a_tenant_that_cannot_be_reached(tmp_path, regen):
    """The first line says why nothing goes on, not only that it does not."""
    manifest = subscriptions(tmp_path / "s.csv", 1)
    done = regen("run", manifest, "--base-url", "http://127.0.0.1:1", "--outage-patience", 0.001)
    assert done.code == 4
    assert "pausing 1 s: could not get an access token: connect: Cannot connect to host 127.0.0.1:1" in done.err


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


@pytest.mark.parametrize("url", ["https://rest．zuora．com", "https://rest.test..zuora.com", "https://rest.zuora.com "])
def test_a_base_url_with_two_readings_is_refused(url):
    """Before anything is sent; tests/runner/system/test_hosts.py has all of them."""
    with pytest.raises(Refused, match="base URL"):
        gather(Flags(base_url=url), {})


@pytest.mark.parametrize(
    "proxy", ["proxy:3128", "10.0.0.1:3128", "u:hush@proxy:3128", "socks5://proxy:1080", "http://"]
)
def test_a_proxy_that_cannot_be_used_is_refused(proxy, monkeypatch):
    """Named with what is expected, without its password, before anything begins."""
    for name in ("https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(Refused, match="HTTPS_PROXY: expected the URL of an HTTP proxy") as refused:
        gather(Flags(base_url="https://rest.test.zuora.com"), {})
    assert "hush" not in str(refused.value)
    assert gather(Flags(base_url="http://localhost:9080"), {}).host == "localhost:9080"
