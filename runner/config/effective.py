"""`regen config`: the values in force and where each comes from. Secrets are masked; no credential is fetched."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from runner.config.file import CONFIG_NAME, CredentialSettings, Profile, Secret, user_path, words_of
from runner.config.settings import Flags, Layers, gather
from runner.domain.errors import ExitCode
from runner.system.console import printable, say, say_json

MASK = "***"
PICKED = (
    *("base_url", "tenant", "runs_dir", "rate", "concurrency", "quota_share"),
    *("on_finish", "notify", "notify_on", "metrics", "remote", "revenue_base_url"),
)
_SOURCES = ("client_id_env", "client_secret_env", "client_id", "client_secret", "credential_command")
CREDENTIALS = (*_SOURCES, *(f"revenue_{name}" for name in _SOURCES))

Row = tuple[str, Any, str]  # name, value as JSON may show it, where it comes from


def config(flags: Flags, *, as_json: bool, environment: Mapping[str, str] | None = None) -> ExitCode:
    """Print the effective settings. Raises Refused for a configuration that cannot serve."""
    rows = list(effective(flags, os.environ if environment is None else environment))
    if as_json:
        values = {name: {"value": value, "source": source} for name, value, source in rows}
        say_json(values)
        return ExitCode.SUCCEEDED
    shown = [(name, _shown(value), source) for name, value, source in rows]
    widths = [max(len(row[column]) for row in shown) for column in (0, 1)]
    for name, value, source in shown:
        say(f"{name:<{widths[0]}}  {value:<{min(widths[1], 48)}}  {source}")
    return ExitCode.SUCCEEDED


def effective(flags: Flags, environment: Mapping[str, str]) -> Iterator[Row]:
    """Every setting, in the order in which a person asks for them."""
    layers = Layers(flags, environment)
    values = {name: layers.pick(name) for name in PICKED}
    limits: Any = layers.profile.limits
    if values["base_url"]:
        settings = gather(flags, environment)
        values |= {name: getattr(settings, name) for name in PICKED}
        limits = settings.quota
    sources = layers.sources | (
        {} if values["base_url"] is None else {"tenant": _tenant_source(layers.sources["tenant"])}
    )
    path = layers.config.path
    nowhere = f"neither ./{CONFIG_NAME} nor {user_path(environment) or 'a file of the user, who has no home folder'}"
    named = "--config" if flags.config else "REGEN_CONFIG" if environment.get("REGEN_CONFIG") else "found"
    yield "config", None if path is None else str(path), named if path else nowhere
    yield "profile", layers.name, sources["profile"]
    for name in PICKED:
        yield name, plain(name, values[name]), sources[name]
    yield _credentials("credentials", layers, layers.profile.credential_settings, environment)
    if values["revenue_base_url"]:
        own = layers.profile.revenue_credential_settings
        yield _credentials("revenue_credentials", layers, own, environment)
    for name in Profile.__struct_fields__:
        if name not in PICKED and name not in CREDENTIALS:
            source = f"{path} [profile.{layers.name}]" if name in layers.given else "default"
            value = limits if name == "limits" else getattr(layers.profile, name)
            yield name, plain(name, value), source


def _tenant_source(source: str) -> str:
    return "by the host; otherwise --tenant" if source == "default" else source


def _credentials(name: str, layers: Layers, own: CredentialSettings, environment: Mapping[str, str]) -> Row:
    """Where credentials come from, without looking at them."""
    variables = (own.client_id_env, own.client_secret_env)
    source = f"{layers.config.path} [profile.{layers.name}]"
    if own.command is not None:
        return name, f"printed by {words_of(own.command)[0]} …", source
    if all(environment.get(variable, "").strip() for variable in variables):
        return name, MASK, " and ".join(variables)
    if own.client_secret is not None:
        return name, MASK, source
    missing = " and ".join(variable for variable in variables if not environment.get(variable, "").strip())
    return name, None, f"{missing} not set"


def plain(name: str, value: Any) -> Any:
    """A value as JSON may show it: secrets masked, of a web hook's URL only the host."""
    if name == "notify" and value is not None:
        return hook_host(value.reveal() if isinstance(value, Secret) else str(value))
    if isinstance(value, Secret):
        return MASK
    return msgspec.to_builtins(value, enc_hook=str)


def hook_host(url: str) -> str:
    """A web hook's URL without the part that is a secret."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}/{MASK}"
    except ValueError:
        return MASK


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
