"""The facts of a run as a whole: what it is to do, who started it, how far it is. One JSON value each in `fact`.

A fact that an older version did not write has its default. Facts of a later version are ignored.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import fields

from runner.domain.run_status import RunStatus

RESULTS_VERSION = "2"  # of the columns of the results


class Carried(Struct, frozen=True, kw_only=True):
    """Failed rows of an earlier run that were added to this one."""

    source: str | None = field(default=None, name="from")
    rows: int = 0
    given_up: int = 0


class CanaryPending(Struct, frozen=True, kw_only=True):
    """A canary that has not passed: a resume applies it again."""

    step: int
    requests: int


class StartOptions(Struct, frozen=True, kw_only=True):
    """The options of one start that decide what is sent."""

    canary: int | None = None
    resend_unknown: bool = False
    accept_failures: bool = False
    accept_incomplete_ledger: bool = False
    moved: bool = False
    max_failures: str | None = None
    max_requests: int | None = None
    until: str | None = None  # ISO 8601 with zone
    rate: float | None = None
    concurrency: int | None = None


class Start(Struct, frozen=True, kw_only=True):
    """One `run` or `resume` of the run: who started it, where, with which command line."""

    at: str  # ISO 8601, UTC
    command: tuple[str, ...] = ()  # secrets masked
    login: str | None = None
    uid: int | None = None
    host: str | None = None
    utc_offset: int | None = None  # of the machine's clock, in minutes east of UTC
    process: int | None = None
    version: str | None = None
    production: str | None = None  # how production was confirmed: `--yes`, `terminal`, `profile`; None: no need
    options: StartOptions = StartOptions()


class Breach(Struct, frozen=True, kw_only=True):
    """Evidence that failed its check and was accepted by a person: every later `verify` reports it."""

    at: str  # ISO 8601, UTC
    check: str  # `ledger`, `files`, `incomplete ledger`
    breaks: bool = False  # the run can no longer be proven: `verify` fails for good
    details: tuple[str, ...] = ()
    accepted_by: str | None = None


class Restoration(Struct, frozen=True, kw_only=True):
    """The ledger was restored from a copy in object storage: what was sent after the copy, it does not know."""

    at: str  # ISO 8601, UTC
    copied_at: str | None = None  # when the copy was made; None: there was none, and the plan was made anew
    machine: str = ""  # whose ledger it was
    assumed: int = 0  # requests without an outcome that count as sent since then
    restored_by: str | None = None


class RemoteFacts(Struct, frozen=True, kw_only=True):
    """How a run stands with the object storage that it is registered at."""

    url: str
    token: str = ""  # names this ledger: what the storage says of it is its own, or another's
    epoch: int = 0  # the last that this ledger held, or was restored from
    follows: str | None = None  # the run with the same inputs that was registered last when this one was planned


class Facts(Struct, frozen=True, kw_only=True):
    """Everything that the ledger knows of the run as a whole. Times are ISO 8601 in UTC."""

    run_id: str
    status: RunStatus
    name: str | None = None  # the stem of the run id
    fingerprint: str = ""  # SHA-256 over `inputs`
    inputs: dict[str, Any] = field(default_factory=dict)  # what makes two runs the same, JSON values by name
    tenant: str = ""
    tenant_kind: str = ""
    profile: str | None = None
    base_url: str = ""
    base_url_source: str | None = None  # the setting that it came from; None in older ledgers
    host: str = ""
    entity_ids: tuple[str, ...] = ()
    org_ids: tuple[str, ...] = ()
    zuora_version: str | None = None
    billing_id_field: str | None = None
    formats: tuple[str, ...] = ()
    results_version: str = "1"  # of the columns of its results; 0.1.0 did not record it
    sheets: tuple[str | None, ...] = ()  # by manifest, in order: the sheet of a workbook
    resend_unknown: bool = False
    keys_used_before: str | None = None  # when a run whose folder is elsewhere or gone last used the same keys
    parent: str | None = None  # the run that rows of this one come from
    carried: Carried | None = None
    notes: tuple[str, ...] = ()  # of planning, for people
    planned_at: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    exit_code: int | None = None
    reason: str | None = None  # why it stopped
    needs_person: bool = False  # it must not be resumed unattended
    planned_by_night: bool = False  # `regen nightly` made the plan: the next night takes it up, though nothing was sent
    canary_pending: CanaryPending | None = None
    starts: tuple[Start, ...] = ()
    breaches: tuple[Breach, ...] = ()
    remote: RemoteFacts | None = None
    copied_at: str | None = None  # when the last copy of the ledger was begun
    restorations: tuple[Restoration, ...] = ()
    user: str | None = None
    machine: str = ""
    folder_path: str = field(default="", name="place")
    version: str = ""
    enrolled: str | None = None  # digest over the plan: part of the chain's genesis
    head: str | None = None  # hash of the last closing


_READY = msgspec.json.Decoder(Facts)  # before threads use it: see runner.runs.run_json
_FIELDS = {entry.name: entry for entry in fields(Facts)}


def decoded(values: dict[str, str]) -> Facts:
    """The facts from the JSON texts of the table. Raises msgspec.ValidationError or msgspec.DecodeError."""
    return msgspec.convert({name: msgspec.json.decode(text) for name, text in values.items()}, Facts)


def encoded(facts: Facts) -> dict[str, str]:
    """All facts that are not at their default, as rows of the table."""
    values = {name: getattr(facts, name) for name in _FIELDS}
    return encoded_changes({name: value for name, value in values.items() if value != _default(name)})


def encoded_changes(changes: dict[str, Any]) -> dict[str, str]:
    """Some facts by the name of their field, as rows of the table. Raises TypeError for one of another type."""
    rows = {}
    for name, value in changes.items():
        entry = _FIELDS[name]
        plain = msgspec.to_builtins(value)
        try:
            msgspec.convert(plain, entry.type)
        except msgspec.ValidationError as error:
            raise TypeError(f"fact {name}: {error}") from error
        rows[entry.encode_name] = msgspec.json.encode(plain).decode()
    return rows


def _default(name: str) -> Any:
    entry = _FIELDS[name]
    if entry.default_factory is not msgspec.NODEFAULT:
        return entry.default_factory()
    return entry.default
