"""The configuration file, `regen.toml`: found, read, checked key by key.

A file may hold a secret only if nobody but its owner can read it. The usual place of secrets is the environment or
what `credential_command` prints.
"""

from __future__ import annotations

import difflib
import math
import os
import re
import shlex
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from runner.domain.blackout import Blackouts
from runner.domain.errors import Refused
from runner.system.user import config_folder, is_file

CONFIG_NAME = "regen.toml"
SECRET_KEYS = (
    *("client_id", "client_secret", "revenue_client_id", "revenue_client_secret"),
    "notify",  # a web hook's URL is a secret: who knows it may post
)


class Secret:
    """A text that shows itself to nobody who does not ask."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __repr__(self) -> str:
        return "***"


class PatienceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[profile.NAME.patience]`: how often and how long a request is tried."""

    attempts: int = 6
    base_seconds: float = 0.5
    cap_seconds: float = 60.0


class JobSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[profile.NAME.jobs]`: how often and how long jobs are looked at."""

    first_poll_seconds: float = 2.0
    longest_poll_seconds: float = 60.0
    search_seconds: float = 600.0  # in the list of jobs, for an upload whose answer was lost
    patience_seconds: float = 900.0  # with a tenant that says nothing usable of a job


class LimitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[profile.NAME.limits]`: the tenant's own numbers, where they are not those of its kind."""

    minute: int | None = None
    hour: int | None = None
    day: int | None = None


@dataclass(frozen=True)
class CredentialSettings:
    """Where a pair of credentials may come from: a command, else variables, else the file itself."""

    client_id_env: str
    client_secret_env: str
    client_id: Secret | None
    client_secret: Secret | None
    command: str | list[str] | None


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[profile.NAME]`: one tenant and how to treat it."""

    base_url: str | None = None
    tenant: str | None = None
    tenant_id: str | None = None
    client_id_env: str = "ZUORA_CLIENT_ID"
    client_secret_env: str = "ZUORA_CLIENT_SECRET"  # noqa: S105 - the name of a variable
    client_id: Secret | None = None
    client_secret: Secret | None = None
    credential_command: str | list[str] | None = None
    entity_ids: list[str] = []
    org_ids: list[str] = []
    zuora_version: str | None = None
    rate: float | None = None
    concurrency: int | None = None
    quota_share: float | None = None
    limits: LimitSettings = LimitSettings()
    connect_timeout_seconds: float = 10.0
    request_timeout_seconds: float = 130.0  # Zuora itself answers after 120 s
    drain_seconds: float = 30.0
    patience: PatienceSettings = PatienceSettings()
    jobs: JobSettings = JobSettings()
    billing_id_field: Literal["id", "documentId"] = "id"
    allow_production: bool = False
    read_only: bool = False
    blackout: list[str] = []
    runs_dir: str | None = None
    on_finish: str | None = None
    notify: Secret | None = None
    notify_on: Literal["always", "change", "failure"] = "always"
    metrics: str | None = None
    remote: str | None = None
    remote_copy_seconds: float = 10.0
    remote_fence_seconds: float = 30.0
    revenue_base_url: str | None = None
    revenue_auth: Literal["oneid", "role"] | None = None
    revenue_client_id_env: str = "ZUORA_REVENUE_CLIENT_ID"
    revenue_client_secret_env: str = "ZUORA_REVENUE_CLIENT_SECRET"  # noqa: S105 - the name of a variable
    revenue_client_id: Secret | None = None
    revenue_client_secret: Secret | None = None
    revenue_credential_command: str | list[str] | None = None
    revenue_role: str = "API Role"
    revenue_client_name: str = "Default"
    revenue_client_number: int = 1
    revenue_time_zone: str = "UTC"
    revenue_by: Literal["query", "rest"] = "query"

    @property
    def credential_settings(self) -> CredentialSettings:
        """Where the credentials of Billing come from."""
        own = (self.client_id, self.client_secret)
        return CredentialSettings(self.client_id_env, self.client_secret_env, *own, self.credential_command)

    @property
    def revenue_credential_settings(self) -> CredentialSettings:
        """Where those of Zuora Revenue come from."""
        names = (self.revenue_client_id_env, self.revenue_client_secret_env)
        own = (self.revenue_client_id, self.revenue_client_secret)
        return CredentialSettings(*names, *own, self.revenue_credential_command)


TOP_KEYS = ("profile", "default_profile")
TABLES: dict[str, type[msgspec.Struct]] = {"patience": PatienceSettings, "limits": LimitSettings, "jobs": JobSettings}
_HEADER_WORD = re.compile(r"[A-Za-z0-9._-]+")
POSITIVE = (
    *("connect_timeout_seconds", "request_timeout_seconds", "drain_seconds"),
    *("remote_copy_seconds", "remote_fence_seconds"),
)


@dataclass(frozen=True)
class ConfigFile:
    """A file that was read; `given` tells which keys each profile sets itself."""

    path: Path | None = None
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    given: Mapping[str, frozenset[str]] = field(default_factory=dict)
    default_profile: str | None = None


def config_path(explicit: str | None, environment: Mapping[str, str]) -> Path | None:
    """The file: the one given, else in the working folder, else in the user's config folder. Raises Refused."""
    if explicit is not None:
        if not is_file(Path(explicit)):
            raise Refused(f"{explicit}: no such configuration file, or none that this user can see")
        return Path(explicit)
    path = next((path for path in (Path(CONFIG_NAME), user_path(environment)) if path and is_file(path)), None)
    if path is not None:
        _refuse_of_others(path)
    return path


def _refuse_of_others(path: Path) -> None:
    """Raises Refused for a file that nobody named and somebody else has written, or may write: it says which commands
    are run and where the credentials go. Windows keeps other kinds of permission."""
    own = getattr(os, "geteuid", None)
    if own is None:
        return
    about = path.stat()
    if about.st_uid not in (own(), 0):
        raise Refused(f"{path}: belongs to another user; if you trust it, name it: --config {path}")
    if about.st_mode & stat.S_IWOTH:
        raise Refused(f"{path}: everybody can write it, and it says which commands are run: chmod o-w {path}")


def user_path(environment: Mapping[str, str]) -> Path | None:
    """Where the user's own configuration is; None for a user without a home."""
    folder = config_folder(environment)
    return folder / "regen" / CONFIG_NAME if folder is not None else None


def read(path: Path) -> ConfigFile:
    """Read a file. Raises Refused, naming file and key, for what it cannot say."""
    try:
        text = path.read_text("utf-8-sig")
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: {error}") from error
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    _known(path, "", document, TOP_KEYS)
    profiles = document.get("profile", {})
    default = document.get("default_profile")
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        raise Refused(f"{path}: profile: expected tables such as [profile.sandbox]")
    if default is not None and not isinstance(default, str):
        raise Refused(f"{path}: default_profile: expected the name of a profile")
    _refuse_readable_secrets(path, profiles)
    return ConfigFile(
        path,
        {name: _profile(path, f"profile.{name}", table) for name, table in profiles.items()},
        {name: frozenset(table) for name, table in profiles.items()},
        default,
    )


def _profile(path: Path, table_name: str, table: dict[str, Any]) -> Profile:
    _known(path, table_name, table, Profile.__struct_fields__)
    for name, kind in TABLES.items():
        if isinstance(table.get(name), dict):
            _known(path, f"{table_name}.{name}", table[name], kind.__struct_fields__)
    try:
        profile = msgspec.convert(table, Profile, dec_hook=_secret)
    except msgspec.ValidationError as error:
        what, _, at = str(error).partition(" - at `$.")
        key = at.rstrip("`")
        raise Refused(
            f"{path}: {table_name}.{key}: {what[:1].lower()}{what[1:]}" if key else f"{path}: {error}"
        ) from None
    for problem in _problems(profile):
        raise Refused(f"{path}: {table_name}.{problem}")
    return profile


def _secret(kind: type, value: Any) -> Any:
    if kind is not Secret or not isinstance(value, str):
        raise ValueError("Expected a text")
    return Secret(value)


def _problems(profile: Profile) -> Iterator[str]:
    """What is wrong with the values of a profile."""
    for name in POSITIVE:
        if not _is_positive(getattr(profile, name)):
            yield f"{name}: expected a positive number of seconds"
    for name, value in msgspec.structs.asdict(profile.limits).items():
        if value is not None and value <= 0:
            yield f"limits.{name}: expected a positive number of requests"
    if not all(map(_is_positive, msgspec.structs.astuple(profile.patience))):
        yield "patience: expected positive numbers"
    if not all(map(_is_positive, msgspec.structs.astuple(profile.jobs))):
        yield "jobs: expected positive numbers of seconds"
    yield from _credential_problems("", profile.credential_settings)
    yield from _credential_problems("revenue_", profile.revenue_credential_settings)
    yield from _header_problems(profile)
    yield from _revenue_problems(profile)
    try:
        Blackouts.parsed(profile.blackout)
    except ValueError as error:
        yield str(error)


def _credential_problems(prefix: str, own: CredentialSettings) -> Iterator[str]:
    """What is wrong with where credentials come from."""
    if (own.client_id is None) != (own.client_secret is None):
        yield f"{prefix}client_id and {prefix}client_secret: one without the other is of no use"
    if own.command is not None and not words_of(own.command):
        yield f"{prefix}credential_command: expected a command, quoted as in a shell, or a list of words"


def _is_positive(number: float) -> bool:
    return 0 < number < math.inf


def _header_problems(profile: Profile) -> Iterator[str]:
    """What cannot be used in a header: Zuora-Entity-Ids, Zuora-Org-Ids, Zuora-Version."""
    for name in ("entity_ids", "org_ids"):
        for header in getattr(profile, name):
            if not _HEADER_WORD.fullmatch(header):
                yield f"{name}: {header!r} is not an id: use only letters, digits, `-`, `_` and `.`"
    if profile.zuora_version is not None and not _HEADER_WORD.fullmatch(profile.zuora_version):
        yield f"zuora_version: {profile.zuora_version!r} is not a version such as 2026-02-20"


def _revenue_problems(profile: Profile) -> Iterator[str]:
    """What Zuora Revenue could not be asked with."""
    for name in ("revenue_role", "revenue_client_name"):
        value = getattr(profile, name)
        if not value.strip() or not (value.isascii() and value.isprintable()):
            yield f"{name}: {value!r} cannot be used in a header"
    try:
        ZoneInfo(profile.revenue_time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"revenue_time_zone: {profile.revenue_time_zone!r} is not a time zone such as America/Los_Angeles"


def words_of(command: str | list[str]) -> list[str]:
    """A command as words; none if its quotes do not close."""
    try:
        return shlex.split(command) if isinstance(command, str) else command
    except ValueError:
        return []


def _known(path: Path, table_name: str, table: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Raises Refused for a key that does not exist, with the nearest one that does."""
    for key in table:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
            shown = f"{table_name}.{key}" if table_name else key
            hint = f"; did you mean `{near[0]}`?" if near else f"; known keys: {', '.join(sorted(names))}"
            raise Refused(f"{path}: unknown key `{shown}`{hint}")


def _refuse_readable_secrets(path: Path, profiles: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises Refused if there is a secret in a file that others can read. Windows keeps other kinds of permission."""
    secrets = [f"profile.{name}.{key}" for name, table in profiles.items() for key in SECRET_KEYS if key in table]
    if not secrets or os.name != "posix":
        return
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Refused(
            f"{path}: holds a secret ({', '.join(secrets)}) and others can read it: chmod 600 {path}, or take the "
            "secret out and use the environment or `credential_command`"
        )
