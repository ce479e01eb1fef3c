"""Settings: flag over environment over profile over default, gathered once into one frozen value.

Every value remembers where it comes from (`Settings.sources`), so that `regen config` can tell.

click's envvar and default_map could layer for the command line only: the Python API has no click, the profile of a run
that is resumed is known once its run.json is read, and an explicit --profile is compared with the variables, so that
all of this would stay beside them. Help must also answer at once, and where the configuration file is broken.
"""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from runner.config.credential_command import credentials_from
from runner.config.file import (
    ConfigFile,
    CredentialSettings,
    LimitSettings,
    Profile,
    Secret,
    config_path,
    read,
    words_of,
)
from runner.domain.blackout import Blackouts
from runner.domain.errors import NoConnection, Refused
from runner.system.hosts import BaseUrl, UnusableUrl, canonical_url, is_loopback
from runner.system.user import expanded
from runner.zuora.auth import Credentials
from runner.zuora.connection import environment_proxy, refuse_missing_authorities
from runner.zuora.tenants import ENDPOINTS, QUOTAS, Quota, kind_of

MOST_CONCURRENCY = 1_000
VARIABLES = {
    "base_url": "ZUORA_BASE_URL",
    "tenant": "REGEN_TENANT",
    "rate": "REGEN_RATE",
    "concurrency": "REGEN_CONCURRENCY",
    "quota_share": "REGEN_QUOTA_SHARE",
    "runs_dir": "REGEN_RUNS_DIR",
    "on_finish": "REGEN_ON_FINISH",
    "notify": "REGEN_NOTIFY",
    "notify_on": "REGEN_NOTIFY_ON",
    "metrics": "REGEN_METRICS",
    "remote": "REGEN_REMOTE",
    "revenue_base_url": "ZUORA_REVENUE_BASE_URL",
}
DEFAULTS: dict[str, Any] = {"runs_dir": "runs", "concurrency": 30, "quota_share": 0.8, "notify_on": "always"}
PRIVATE = ("notify", "on_finish")  # their values may hold a secret
NUMBERS: dict[str, Callable[[str], float]] = {"rate": float, "concurrency": int, "quota_share": float}


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
    on_finish: str | None = None
    notify: str | None = field(default=None, repr=False)
    notify_on: str | None = None
    metrics: str | None = None
    remote: str | None = None
    run_profile: str | None = None  # of the run that is resumed: nobody typed it, so that variables may differ from it
    environment: Mapping[str, str] | None = field(default=None, repr=False)  # of the Python API; None: the process's


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
    quota: Quota | None = None
    blackouts: Blackouts = field(default_factory=Blackouts)
    on_finish: str | None = None
    notify: Secret | None = None
    notify_on: str = "always"
    metrics: str | None = None
    remote: str | None = None  # object storage: a URL, or a path
    revenue_base_url: str | None = None  # of Zuora Revenue's own REST API
    config_path: Path | None = None
    sources: Mapping[str, str] = field(repr=False, default_factory=dict)
    environment: Mapping[str, str] = field(repr=False, default_factory=dict)

    @property
    def hostname(self) -> str:
        """The host without its port."""
        return canonical_url(self.base_url).hostname

    def credentials(self) -> Credentials:
        """The client credentials: of the command, else of the environment, else of the profile.

        Raises Refused with the remedy if there are none.
        """
        return self._credentials

    def revenue_credentials(self) -> Credentials:
        """Those of Zuora Revenue's REST API, from the same kinds of sources. Raises Refused if there are none."""
        return self._revenue_credentials

    @cached_property
    def _credentials(self) -> Credentials:
        return self._credentials_of(self.profile.credential_settings, "")

    @cached_property
    def _revenue_credentials(self) -> Credentials:
        return self._credentials_of(self.profile.revenue_credential_settings, "revenue_")

    def _credentials_of(self, source: CredentialSettings, prefix: str) -> Credentials:
        if source.command is not None:
            return credentials_from(words_of(source.command), f"{prefix}credential_command")
        names = (source.client_id_env, source.client_secret_env)
        values = [self.environment.get(name, "").strip() for name in names]  # a file's last line end
        own = (source.client_id, source.client_secret)
        stored = Credentials(own[0].reveal(), own[1].reveal()) if own[0] is not None and own[1] is not None else None
        if all(values):
            if stored not in (None, Credentials(*values)) and self.sources.get("profile") == "--profile":
                raise Refused(
                    f"{' and '.join(names)} differ from {prefix}client_id and {prefix}client_secret of --profile "
                    f"{self.profile_name}; unset the variables or leave --profile out"
                )
            return Credentials(*values)
        if stored is not None:
            return stored
        missing = [name for name, value in zip(names, values, strict=True) if not value]
        whose = "no credentials of Zuora Revenue" if prefix else "no credentials"
        command = f"`{prefix}credential_command` in the profile"
        raise NoConnection(f"{whose}: set {' and '.join(missing)} or {command}")


class Layers:
    """Flag over environment over profile over default; notes where each value came from."""

    def __init__(self, flags: Flags, environment: Mapping[str, str]) -> None:
        self.flags, self.environment = flags, environment
        self.sources: dict[str, str] = {}
        path = config_path(flags.config or self.variable("REGEN_CONFIG") or None, environment)
        self.config = read(path) if path else ConfigFile()
        self.name = self._name()
        self.profile = self.config.profiles[self.name] if self.name is not None else Profile()
        self.given = self.config.given.get(self.name or "", frozenset())

    def _name(self) -> str | None:
        """The name of the profile in force. Raises Refused if there is none of that name."""
        config = self.config
        layers = (
            ("--profile", self.flags.profile),
            ("the run", self.flags.run_profile),
            ("REGEN_PROFILE", self.variable("REGEN_PROFILE")),
            (f"{config.path}", config.default_profile),
            ("default", None),
        )
        self.sources["profile"], name = next((layer for layer in layers if layer[1]), layers[-1])
        if name is not None and name not in config.profiles:
            known = ", ".join(sorted(config.profiles)) or "none"
            raise Refused(f"{config.path or 'no regen.toml'}: there is no profile {name!r}; known profiles: {known}")
        return name

    def pick(self, name: str) -> Any:
        """The value in force. Raises Refused for a variable that is no number where one is needed, or that contradicts
        the profile that the command line names."""
        flag, variable = getattr(self.flags, name, None), VARIABLES.get(name, "")
        if flag is not None:
            self.sources[name] = "--" + name.replace("_", "-")
            return flag
        if text := self.variable(variable):
            value = _number(variable, text, NUMBERS[name]) if name in NUMBERS else text
            self._refuse_contradiction(name, variable, value)
            self.sources[name] = variable
            return value
        if name in self.given:
            self.sources[name] = f"{self.config.path} [profile.{self.name}]"
            return getattr(self.profile, name)
        self.sources[name] = "default"
        return DEFAULTS.get(name)

    def variable(self, name: str) -> str:
        """A variable of the environment without the white space around it; empty if it is not set."""
        return self.environment.get(name, "").strip()

    def _refuse_contradiction(self, name: str, variable: str, value: Any) -> None:
        """Raises Refused if a variable differs from what an explicit --profile sets: one of them was forgotten."""
        if not self.flags.profile or name not in self.given:
            return
        own = getattr(self.profile, name)
        if _same(name, own, value):
            return
        values = "" if name in PRIVATE else f" ({value!r} and {own!r})"
        ways = f"unset {variable}, leave --profile out, or choose with --{name.replace('_', '-')}"
        if not hasattr(self.flags, name):
            ways = f"unset {variable} or leave --profile out"
        raise Refused(f"{variable} and {name} of --profile {self.name} differ{values}; {ways}")


def _same(name: str, own: Any, value: Any) -> bool:
    """Whether a profile's value and a variable's mean the same. Raises Refused for a base URL that cannot be used."""
    if name in ("base_url", "revenue_base_url"):
        return checked_url(own) == checked_url(value)
    return bool((own.reveal() if isinstance(own, Secret) else own) == value)


def runs_folder(flags: Flags, environment: Mapping[str, str] | None = None) -> Path:
    """Where the runs are, for commands that need no tenant."""
    return _runs_dir(Layers(flags, os.environ if environment is None else environment))


def remote_of(flags: Flags) -> str | None:
    """The object storage in force, for commands that need no tenant."""
    remote: str | None = Layers(flags, flags.environment or os.environ).pick("remote")
    return remote


def gather(flags: Flags, environment: Mapping[str, str] | None = None) -> Settings:
    """Gather the settings. Raises Refused for a config, URL or value that cannot serve."""
    environment = flags.environment or os.environ if environment is None else environment
    layers = Layers(flags, environment)
    base_url = layers.pick("base_url")
    if not base_url:
        raise NoConnection("no base URL: give --base-url, ZUORA_BASE_URL or a profile (--profile) with `base_url`")
    url = checked_url(base_url)
    environment_proxy(str(url))  # raises Refused for one that cannot be used, before anything begins
    if url.scheme == "https":
        refuse_missing_authorities()
    tenant = _tenant(layers.pick("tenant"), url.hostname)
    notify = layers.pick("notify")
    return Settings(
        profile_name=layers.name,
        profile=layers.profile,
        base_url=str(url),
        host=url.host,
        runs_dir=_runs_dir(layers),
        rate=_positive("rate", layers.pick("rate")),
        concurrency=_concurrency(layers.pick("concurrency")),
        tenant=tenant,
        quota_share=_share(layers.pick("quota_share")),
        quota=_quota(tenant, layers.profile.limits),
        blackouts=Blackouts.parsed(layers.profile.blackout),
        on_finish=layers.pick("on_finish"),
        notify=Secret(notify) if isinstance(notify, str) else notify,
        notify_on=layers.pick("notify_on"),
        metrics=layers.pick("metrics"),
        remote=layers.pick("remote"),
        revenue_base_url=_revenue_url(layers.pick("revenue_base_url")),
        config_path=layers.config.path,
        sources=layers.sources,
        environment=environment,
    )


def _runs_dir(layers: Layers) -> Path:
    return expanded(layers.pick("runs_dir"))


def _quota(tenant: str, limits: LimitSettings) -> Quota | None:
    """What the tenant allows: the numbers of its kind, those of the profile in their place."""
    kind, most = QUOTAS[tenant], 10**12
    if limits == LimitSettings():
        return kind
    usual = kind or Quota(most, most, most)
    return Quota(limits.minute or usual.minute, limits.hour or usual.hour, limits.day or usual.day)


def _number(name: str, text: str, kind: Callable[[str], float]) -> float:
    try:
        return kind(text)
    except ValueError:
        raise Refused(f"{name}: expected a number, not {text!r}") from None


def endpoint(named: str) -> str:
    """The base URL behind a short name such as `us-sandbox`; anything with a `:` is itself. Raises Refused."""
    if ":" in named or "." in named or not named.isascii():
        return named
    if named not in ENDPOINTS:
        near = difflib.get_close_matches(named, ENDPOINTS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"short names: {', '.join(ENDPOINTS)}"
        raise Refused(f"base URL {named!r}: expected something like https://rest.test.zuora.com; {hint}")
    return ENDPOINTS[named]


def checked_url(base_url: str) -> BaseUrl:
    """The base URL in its one form, https only but for this machine. Raises Refused."""
    if any(character in base_url for character in "@?#"):  # and is not shown: there may be a password in it
        raise Refused("base URL: it must not contain a user, password, query or fragment")
    try:
        url = canonical_url(endpoint(base_url))
    except UnusableUrl as error:
        raise Refused(f"base URL {error}") from None
    if url.path.endswith("/v1"):
        raise Refused(f"base URL {base_url!r}: leave /v1 out, it is part of every path")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise Refused(f"base URL {base_url!r}: plain http is allowed only for this machine; use https")
    return url


def _revenue_url(text: str | None) -> str | None:
    """The base URL of Zuora Revenue in its one form. Raises Refused."""
    try:
        return str(checked_url(text)) if text else None
    except Refused as error:
        raise Refused(f"revenue_base_url: {error}") from None


def _tenant(named: str | None, hostname: str) -> str:
    kind = named or kind_of(hostname)
    if kind not in QUOTAS:
        raise Refused(f"tenant kind {kind!r}: expected one of {', '.join(QUOTAS)}")
    return kind


def _positive(name: str, value: float | None) -> float | None:
    if value is not None and not 0 < value < math.inf:
        raise Refused(f"{name}: expected a positive number, not {value:g}")
    return value


def _concurrency(value: int) -> int:
    """Each of them takes memory, and the tenant allows 40, or a few times that."""
    _positive("concurrency", value)
    if value > MOST_CONCURRENCY:
        raise Refused(f"concurrency: expected up to {MOST_CONCURRENCY:,} requests at once, not {value:,}")
    return int(value)


def _share(value: float) -> float:
    if not 0 < value <= 1:
        raise Refused(f"quota share: expected a number above 0 and up to 1, not {value:g}")
    return value
