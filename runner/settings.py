"""Settings: flag over environment over profile over default, gathered once into one frozen value.

The configuration file (`regen.toml`) holds profiles and no secrets: credentials come from the environment or
from the profile's `credential_command`.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from runner.errors import Refused
from runner.zuora.auth import Credentials
from runner.zuora.tenants import QUOTAS, is_loopback, kind_of

CONFIG_NAME = "regen.toml"
COMMAND_SECONDS = 30.0


class PatienceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[profile.NAME.patience]`: how often and how long a request is tried."""

    attempts: int = 6
    base_seconds: float = 0.5
    cap_seconds: float = 60.0


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[profile.NAME]`: one tenant and how to treat it."""

    base_url: str | None = None
    tenant: str | None = None
    tenant_id: str | None = None
    client_id_env: str = "ZUORA_CLIENT_ID"
    client_secret_env: str = "ZUORA_CLIENT_SECRET"  # noqa: S105 - the name of a variable
    credential_command: str | list[str] | None = None
    entity_ids: list[str] = []
    org_ids: list[str] = []
    zuora_version: str | None = None
    rate: float | None = None
    concurrency: int | None = None
    quota_share: float | None = None
    connect_timeout_seconds: float = 10.0
    request_timeout_seconds: float = 120.0
    drain_seconds: float = 30.0
    patience: PatienceSettings = PatienceSettings()
    billing_id_field: Literal["id", "documentId"] = "id"
    allow_production: bool = False
    runs_dir: str | None = None


class ConfigFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`regen.toml`."""

    profile: dict[str, Profile] = {}
    default_profile: str | None = None


@dataclass(frozen=True)
class Flags:
    """What the command line says; None where it is silent."""

    profile: str | None = None
    config: str | None = None
    base_url: str | None = None
    runs_dir: str | None = None
    rate: float | None = None
    concurrency: int | None = None
    tenant: str | None = None
    quota_share: float | None = None


@dataclass(frozen=True)
class Settings:
    """The settings in force. Credentials are fetched once, when first asked for."""

    profile_name: str | None
    profile: Profile
    base_url: str
    host: str  # host[:port]
    runs_dir: Path
    rate: float | None
    concurrency: int
    tenant: str
    quota_share: float
    environment: Mapping[str, str] = field(repr=False, default_factory=dict)

    @property
    def hostname(self) -> str:
        """The host without its port."""
        return urlsplit(self.base_url).hostname or ""

    def credentials(self) -> Credentials:
        """The client credentials. Raises Refused with the remedy if there are none."""
        if self.profile.credential_command is not None:
            return _commanded(self.profile.credential_command)
        names = (self.profile.client_id_env, self.profile.client_secret_env)
        missing = [name for name in names if not self.environment.get(name)]
        if missing:
            raise Refused(f"no credentials: set {' and '.join(missing)} or `credential_command` in the profile")
        return Credentials(*(self.environment[name] for name in names))


def runs_folder(flags: Flags, environment: Mapping[str, str] | None = None) -> Path:
    """Where the runs are, for commands that need no tenant."""
    environment = os.environ if environment is None else environment
    _, profile = _profile(flags, environment)
    return Path(flags.runs_dir or environment.get("REGEN_RUNS_DIR") or profile.runs_dir or "runs")


def gather(flags: Flags, environment: Mapping[str, str] | None = None) -> Settings:
    """Gather the settings. Raises Refused for a config, URL or value that cannot serve."""
    environment = os.environ if environment is None else environment
    name, profile = _profile(flags, environment)
    base_url = flags.base_url or environment.get("ZUORA_BASE_URL") or profile.base_url
    if not base_url:
        raise Refused("no base URL: give --base-url, ZUORA_BASE_URL or a profile (--profile) with `base_url`")
    base_url, host, hostname = _checked_url(base_url)
    return Settings(
        profile_name=name,
        profile=profile,
        base_url=base_url,
        host=host,
        runs_dir=runs_folder(flags, environment),
        rate=_positive("rate", flags.rate or profile.rate),
        concurrency=int(_positive("concurrency", flags.concurrency or profile.concurrency) or 30),
        tenant=_tenant(flags.tenant or profile.tenant, hostname),
        quota_share=_share(flags.quota_share or profile.quota_share or 0.8),
        environment=environment,
    )


def _profile(flags: Flags, environment: Mapping[str, str]) -> tuple[str | None, Profile]:
    path = _config_path(flags.config, environment)
    config = _read(path) if path else ConfigFile()
    name = flags.profile or environment.get("REGEN_PROFILE") or config.default_profile
    if name is None:
        return None, Profile()
    if name not in config.profile:
        known = ", ".join(sorted(config.profile)) or "none"
        raise Refused(f"{path or CONFIG_NAME}: there is no profile {name!r}; known profiles: {known}")
    return name, config.profile[name]


def _config_path(given: str | None, environment: Mapping[str, str]) -> Path | None:
    """The configuration file: the one given, else in the working folder, else in the user's config folder."""
    if given is not None:
        if not Path(given).is_file():
            raise Refused(f"{given}: no such configuration file")
        return Path(given)
    home = Path(environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME", "~")).expanduser() / ".config")
    return next((path for path in (Path(CONFIG_NAME), home / "regen" / CONFIG_NAME) if path.is_file()), None)


def _read(path: Path) -> ConfigFile:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=ConfigFile)
    except msgspec.DecodeError as error:  # a ValidationError too: it names the key
        raise Refused(f"{path}: {error}") from error
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error


def _checked_url(base_url: str) -> tuple[str, str, str]:
    """The base URL, its host[:port] and its host. https only, but for this machine."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Refused(f"base URL {base_url!r}: {error}") from error
    if parts.scheme not in ("http", "https") or not host:
        raise Refused(f"base URL {base_url!r}: expected something like https://rest.test.zuora.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Refused("base URL: no user, password, query or fragment belongs into it")
    if parts.scheme == "http" and not is_loopback(host):
        raise Refused(f"base URL {base_url!r}: plain http is for this machine alone; use https")
    shown = f"[{host}]" if ":" in host else host
    return base_url.rstrip("/"), f"{shown}:{port}" if port else shown, host


def _tenant(named: str | None, hostname: str) -> str:
    kind = named or kind_of(hostname)
    if kind not in QUOTAS:
        raise Refused(f"tenant kind {kind!r}: expected one of {', '.join(QUOTAS)}")
    return kind


def _positive(name: str, value: float | None) -> float | None:
    if value is not None and value <= 0:
        raise Refused(f"{name}: expected a positive number, not {value:g}")
    return value


def _share(value: float) -> float:
    if not 0 < value <= 1:
        raise Refused(f"quota share: expected a number above 0 and up to 1, not {value:g}")
    return value


def _commanded(command: str | list[str]) -> Credentials:
    """Credentials that a command prints: JSON with `client_id` and `client_secret`, or these two, a line each."""
    words = shlex.split(command) if isinstance(command, str) else command
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused(f"credential_command: {words[0]}: {error}") from error
    if done.returncode != 0:
        raise Refused(f"credential_command: {words[0]} exited with {done.returncode}")
    printed: Any = done.stdout.split()
    try:
        document = json.loads(done.stdout)
        printed = [document["client_id"], document["client_secret"]]
    except (ValueError, KeyError, TypeError):
        pass
    if len(printed) != 2:
        raise Refused('credential_command: expected {"client_id": …, "client_secret": …} or two lines')
    return Credentials(str(printed[0]), str(printed[1]))
