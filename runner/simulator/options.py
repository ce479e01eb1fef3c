"""The options of a simulator, as one frozen value; every field explains itself in `help`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runner.simulator.faults import FAULTS, checked_faults, parse_fault
from runner.simulator.query_faults import checked_query_faults, parse_query_fault

TENANTS = ("none", "production", "central-sandbox", "developer-sandbox", "api-sandbox")
DIALECTS = ("same", "409", "mixed")
OUTAGE_KINDS = ("503", "silent", "maintenance")
EXPIRES_IN = ("number", "text", "null", "zero", "missing")
CODE_STYLES = ("number", "string", "mixed")
LITERAL_ZONES = ("tenant", "utc", "refused")
RESENT = ("kept", "new")
REVENUE_ROLES = ("any", "none")
JOB_TYPE_KEYS = ("published", "importType", "type", "both")
REVENUE = ("on", "query", "rest", "off")
ID_STYLES = ("32", "36", "mixed")


def option(default: Any, help_: str, choices: tuple[str, ...] | None = None) -> Any:
    """A field with its explanation, and the values that it may take."""
    metadata = {"help": help_, "choices": choices}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Options:
    """How a simulator behaves. Raises ValueError, in words for the person, if a value cannot be."""

    seed: int = option(0, "everything drawn by chance follows from this number")
    faults: Mapping[str, float] = option({}, "the share of requests that meet each fault")
    fault_rules: Mapping[str, str] = option({}, "a text in the body or query, and the fault that such requests meet")
    fault_arrivals: int = option(2, "a request meets faults the first N times that it arrives, so that runs end")
    fault_paths: tuple[str, ...] = option(("/v1/",), "faults strike only paths that begin with one of these")
    failure_depth: int = option(2, "a request that meets a saved failure fails under 1 to N keys, then succeeds")
    latency: float = option(0.0, "seconds that the work of every request takes")
    latency_jitter: float = option(0.0, "up to so many seconds more, by chance")
    slow_seconds: float = option(5.0, "seconds that the fault `slow` adds")
    work_seconds: float = option(1.0, "seconds that work goes on behind an answer that was cut off")
    huge_bytes: int = option(32 * 1024 * 1024, "size of the body of the fault `huge-body`")
    retry_after: int = option(1, "seconds in Retry-After, where no quota says how long")
    outage: tuple[int, int] | None = option(
        None, "the first and last of the requests, counted from 1, that meet an outage"
    )
    outage_kind: str = option("503", "what an outage looks like", OUTAGE_KINDS)
    replay_dialect: str = option("same", "how a saved result comes back: its own status, 409, or either", DIALECTS)
    concurrency: int = option(40, "requests at once of one tenant (and entity)")
    plain_429: bool = option(False, "answer too many requests at once without an envelope")
    tenant: str = option("none", "the kind of tenant, whose quotas hold", TENANTS)
    quota_scale: float = option(1.0, "quotas are multiplied by this")
    token_seconds: float = option(3599.0, "lifetime of an access token")
    expires_in: str = option("number", "how a token says how long it lives", EXPIRES_IN)
    client_id: str | None = option(None, "the only client id that gets a token")
    client_secret: str | None = option(None, "the only client secret that gets a token")
    billing_id_field: str = option("id", "the name of the id in a billing request", ("id", "documentId", "either"))
    missing_prefix: str = option("MISSING", "an object whose identifier begins so is not found")
    empty_id_list: float = option(0.0, "the share of regenerate calls that succeed with an empty idList")
    code_style: str = option("number", "whether the codes in `reasons` are numbers or strings", CODE_STYLES)
    job_seconds: float = option(1.0, "seconds from the creation of a job to its end")
    job_failures: float = option(0.0, "the share of jobs that end as Failed or Error")
    bad_rows: float = option(0.0, "the share of backfill rows that fail")
    time_zone: str = option("UTC", "the tenant's time zone, in which data queries show times")
    literal_zone: str = option("tenant", "how a TIMESTAMP literal without offset is understood", LITERAL_ZONES)
    lag_seconds: float = option(0.0, "seconds until data queries see a change")
    lost_transactions: float = option(0.0, "the share of transactions that are not written at first, though reported")
    other_users: float = option(0.0, "the share of transactions beside which another user made one for the same object")
    objects: int = option(0, "subscriptions, order line items, invoices, memos and adjustments to begin with, of each")
    other_transactions: int = option(0, "transactions of others in each table, made in the hour before")
    resent_dates: str = option("kept", "the UpdatedDate of a transaction that is sent again, not overwritten", RESENT)
    id_style: str = option("32", "ids of 32 characters, of 36 with hyphens, or 36 in the tables alone", ID_STYLES)
    rows_out: int = option(500_000, "a data query with more rows of output fails")
    rows_in: int = option(10_000_000, "a data query that reads more rows of one table, after filters, fails")
    query_seconds: float = option(0.0, "seconds that a data query takes; 0 takes job_seconds")
    query_slots: int = option(5, "data queries of a tenant that run at once")
    query_queue: int = option(10, "data queries that wait; one more is refused")
    query_faults: Mapping[str, float] = option({}, "the share of data queries that meet each fault of their own")
    file_seconds: float = option(3600.0, "seconds that the address of a result file is good for")
    warehouse: bool = option(False, "the tenant has Zuora Warehouse: sourceData WAREHOUSE is answered")
    job_type_key: str = option("published", "where a backfill job names its type", JOB_TYPE_KEYS)
    templates: Mapping[str, str] = option({}, "a type of data backfill that this tenant has, and its columns")
    closed_until: str = option("", "accounting periods that end by this date (2026-10-31) are closed")
    trial_balance_error: str = option("", "the message with which every trial balance ends in Error")
    denied_paths: tuple[str, ...] = option((), "paths that begin with one of these are refused: no permission")
    revenue: str = option("on", "whether Zuora Revenue is seen: by Data Query and REST, one of them, or not", REVENUE)
    revenue_client_id: str | None = option(None, "the only client id (or user) that gets a token of Revenue")
    revenue_client_secret: str | None = option(None, "the only secret (or password) that gets a token of Revenue")
    revenue_role: str = option("any", "the roles that Revenue's API lets in; `none`: 403", REVENUE_ROLES)
    revenue_delay: float = option(0.0, "seconds until what is sent to Revenue is in its staging")
    collection_seconds: float = option(0.0, "seconds between two data collections of Revenue; 0 collects at once")
    revenue_errors: float = option(0.0, "the share of lines that a collection refuses, the first time")
    revenue_lost: float = option(0.0, "the share of lines that never come into Revenue's staging")
    revenue_page_rows: int = option(20_000, "the most rows of a page of Revenue's BI views, where a tenant has less")
    state: Path | None = option(None, "an SQLite file that keeps keys, effects, jobs and tokens")  # noqa: RUF009 - a field

    def __post_init__(self) -> None:
        self._check_shapes()
        object.__setattr__(self, "faults", checked_faults(self.faults))
        object.__setattr__(self, "query_faults", checked_query_faults(self.query_faults))
        object.__setattr__(self, "fault_paths", tuple(self.fault_paths))
        object.__setattr__(self, "denied_paths", tuple(self.denied_paths))
        for name in self.fault_rules.values():
            if name not in FAULTS:
                raise ValueError(f"fault {name!r} is unknown; there are: {', '.join(FAULTS)}")
        for option in dataclasses.fields(self):
            self._check(option.name, getattr(self, option.name), option.default, option.metadata["choices"])
        if self.concurrency < 1 or self.query_slots < 1:
            raise ValueError("concurrency and query_slots must be at least 1")
        _check_zone(self.time_zone)
        _check_day("closed_until", self.closed_until)

    def _check_shapes(self) -> None:
        """What comes as JSON may be anything."""
        for name in ("faults", "fault_rules", "query_faults", "templates"):
            if not isinstance(getattr(self, name), Mapping):
                raise ValueError(f"{name} must be an object of names and values")
        for name in ("fault_paths", "denied_paths"):
            paths: Any = getattr(self, name)
            if isinstance(paths, str) or not all(isinstance(path, str) for path in paths):
                raise ValueError(f"{name} must be a list of texts")
        if self.outage is not None:
            parse_outage("-".join(map(str, self.outage)))

    @staticmethod
    def _check(name: str, value: object, usual: object, choices: tuple[str, ...] | None) -> None:
        if choices and value not in choices:
            raise ValueError(f"{name} {value!r} is unknown; there are: {', '.join(choices)}")
        if isinstance(usual, (int, float)) and not isinstance(value, (int, float)):
            raise ValueError(f"{name} must be a number or, for a switch, true or false")
        if isinstance(value, (int, float)) and name != "seed" and not value >= 0:  # NaN is neither
            raise ValueError(f"{name} must not be negative")

    @classmethod
    def from_arguments(
        cls,
        *,
        faults: Iterable[str] = (),
        fault_rules: Iterable[str] = (),
        query_faults: Iterable[str] = (),
        templates: Iterable[str] = (),
        outage: str | None = None,
        **others: Any,
    ) -> Options:
        """Options out of what was typed: `faults` as NAME=RATE, `fault_rules` as TEXT=NAME, `query_faults` as
        NAME=RATE, `templates` as TYPE=COLUMNS, `outage` as FROM-TO.

        Raises ValueError, in words for the person.
        """
        return cls(
            faults=dict(map(parse_fault, faults)),
            fault_rules=dict(map(parse_rule, fault_rules)),
            query_faults=dict(map(parse_query_fault, query_faults)),
            templates=dict(map(parse_template, templates)),
            outage=parse_outage(outage) if outage else None,
            **others,
        )

    def changed(self, changes: Mapping[str, Any]) -> Options:
        """These options with some fields replaced; ValueError if there is no such field or value."""
        known = {option.name for option in dataclasses.fields(self)} - {"state"}  # open by now: it cannot change
        unknown = set(changes) - known
        if unknown:
            raise ValueError(f"unknown option: {', '.join(sorted(unknown))}")
        return dataclasses.replace(self, **changes)


def _check_day(name: str, text: str) -> None:
    try:
        date.fromisoformat(text or "2000-01-01")
    except ValueError:
        raise ValueError(f"{name} {text!r} is no date; a date such as 2026-10-31 is expected") from None


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"time zone {name!r} is unknown; a name such as America/Los_Angeles is expected") from None


def parse_rule(text: str) -> tuple[str, str]:
    """`A-S0001=torn-body` as ("A-S0001", "torn-body"); ValueError if it has no such form."""
    needle, equals, name = text.rpartition("=")
    if not equals or not needle:
        raise ValueError(f"fault rule {text!r}: expected TEXT=NAME, such as A-S00000001=torn-body")
    return needle, name


def parse_template(text: str) -> tuple[str, str]:
    """`OrderLineItem=ID,#Order Number` as ("OrderLineItem", "ID,#Order Number"); ValueError if it has no such form."""
    type_, equals, columns = text.partition("=")
    if not equals or not type_ or not columns:
        raise ValueError(f"template {text!r}: expected TYPE=COLUMNS, such as OrderLineItem=ID,#Order Number")
    return type_, columns


def parse_outage(text: str) -> tuple[int, int]:
    """`100-200` as (100, 200); ValueError if it has no such form."""
    match = re.fullmatch(r"(\d+)-(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"outage {text!r}: expected FROM-TO, the ordinals of requests from 1, such as 100-200")
    return int(match[1]), int(match[2])
