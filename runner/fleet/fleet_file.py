"""fleet.toml: which tenants a fleet has, and what each of them runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from runner.domain.errors import Refused

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
MOST_CONCURRENCY = 64
NOT_FOR_ONE_TENANT = ("config", "profile", "runs_dir", "json", "run_id")  # the fleet decides these


class TenantEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A `[[tenant]]` of the file, as written."""

    profile: str
    name: str | None = None
    manifests: tuple[str, ...] = ()
    plan: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


class FleetDocument(Struct, frozen=True, forbid_unknown_fields=True):
    """The file, as written."""

    name: str
    tenant: tuple[TenantEntry, ...]
    concurrency: int = 4
    command: Literal["nightly", "run"] = "nightly"


class Tenant(Struct, frozen=True):
    """What one tenant runs: the words of a `regen` command, and the folder of its runs."""

    name: str
    profile: str
    words: tuple[str, ...]
    runs_dir: str


class Fleet(Struct, frozen=True):
    """The fleet, ready to run."""

    name: str
    concurrency: int
    tenants: tuple[Tenant, ...]


def read_fleet(path: Path, runs: Path, config: Path | None) -> Fleet:
    """Read fleet.toml. Paths in it are counted from the file; each tenant's runs go to `runs`/NAME.

    Raises Refused with the file and the tenant for what cannot be run.
    """
    try:
        document = msgspec.toml.decode(path.read_text("utf-8-sig"), type=FleetDocument)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: {error}") from error
    if not document.tenant:
        raise Refused(f"{path}: a fleet needs at least one [[tenant]]")
    if not 1 <= document.concurrency <= MOST_CONCURRENCY:
        raise Refused(f"{path}: concurrency is {document.concurrency}; it can be 1 to {MOST_CONCURRENCY}")
    tenants = tuple(_tenant(path, entry, document.command, runs, config) for entry in document.tenant)
    _refuse_same_names(path, tenants)
    return Fleet(document.name, document.concurrency, tenants)


def only(fleet: Fleet, wanted: Sequence[str]) -> Fleet:
    """The fleet with the tenants that are wanted alone: by name, or by position in the file from 0; all if none is.

    Raises Refused for one that is not in it.
    """
    by_name = {tenant.name: tenant for tenant in fleet.tenants}
    chosen = []
    for text in wanted:
        position = int(text) if text.isdecimal() else len(fleet.tenants)
        if text in by_name:
            chosen.append(by_name[text])
        elif position < len(fleet.tenants):
            chosen.append(fleet.tenants[position])
        else:
            names = ", ".join(by_name)
            raise Refused(f"--only {text}: no tenant of fleet {fleet.name}; it has {names}")
    return msgspec.structs.replace(fleet, tenants=tuple(dict.fromkeys(chosen))) if chosen else fleet


def _refuse_same_names(path: Path, tenants: tuple[Tenant, ...]) -> None:
    names = [tenant.name.casefold() for tenant in tenants]
    for tenant in tenants:
        if names.count(tenant.name.casefold()) > 1:
            raise Refused(f"{path}: two tenants are named {tenant.name}; give each a `name` of its own")


def _tenant(path: Path, entry: TenantEntry, command: str, runs: Path, config: Path | None) -> Tenant:
    name = entry.name or entry.profile
    if not NAME.fullmatch(name):
        raise Refused(f"{path}: tenant {name!r}: a name is a letter or digit and up to 79 more, or . _ -")
    if bool(entry.manifests) == bool(entry.plan):
        raise Refused(f"{path}: tenant {name}: give either `manifests` or `plan`")
    files = [str((path.parent / file).absolute()) for file in (entry.manifests or (entry.plan,)) if file]
    runs_dir = str((runs / name).absolute())
    words = [command, *files, "--profile", entry.profile, "--runs-dir", runs_dir, "--quiet", "--wait"]
    if config is not None:
        words += ["--config", str(config.absolute())]
    return Tenant(name, entry.profile, (*words, *_option_words(path, name, entry.options)), runs_dir)


def _option_words(path: Path, name: str, options: dict[str, Any]) -> list[str]:
    """Options with underscores as command-line words: true is the bare option, false leaves it out."""
    words: list[str] = []
    for option, value in options.items():
        if option in NOT_FOR_ONE_TENANT:
            raise Refused(f"{path}: tenant {name}: options.{option} is decided by the fleet; leave it out")
        flag = "--" + option.replace("_", "-")
        match value:
            case True:
                words.append(flag)
            case False:
                pass
            case str() | int() | float():
                words += [flag, str(value)]
            case _:
                raise Refused(f"{path}: tenant {name}: options.{option} must be a text, a number, true or false")
    return words
