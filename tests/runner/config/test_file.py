"""The settings file."""

from __future__ import annotations

import re
import sys
import tomllib

import msgspec
import pytest

from runner.config.file import TABLES, Profile
from runner.config.settings import Flags, gather, runs_folder
from runner.domain.errors import Refused
from runner.zuora.tenants import ENDPOINTS
from tests.documentation.documents import topic
from tests.runner.config.test_settings import SECRET


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
        ('[profile.x]\nentity_ids = ["a\\r\\nX: 1"]', r"entity_ids: 'a\\r\\nX: 1' is not an id"),
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


def test_an_empty_variable_names_no_file(tmp_path, monkeypatch):
    """As with every other variable."""
    monkeypatch.chdir(tmp_path)
    environment = {"REGEN_CONFIG": "", "REGEN_PROFILE": "", "REGEN_RATE": "", "HOME": str(tmp_path)}
    assert gather(Flags(base_url="http://127.0.0.1:1"), environment).config_path is None


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
