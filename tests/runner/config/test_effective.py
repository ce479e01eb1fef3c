"""The settings in force, as `regen config` shows them."""

from __future__ import annotations

from tests.runner.config.test_settings import SECRET


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
