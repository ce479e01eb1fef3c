"""What a step of a run asks for: one frozen value a kind, the same from the command line and from a plan file.

The names are those of the plan file; `msgspec` reads them, checks their types and refuses names that there are not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import NODEFAULT
from msgspec.structs import fields

# Options that do not decide what is sent: a run with others is the same run.
NEUTRAL = frozenset({"manifests", "file", "files", "skip_rejected", "canary", "on_failure", "template_check", "mode"})
# Where the rows of a step come from: the options say what is done with them.
SOURCES = frozenset({"do", "manifests", "file", "files", "from"})
# How files are read: decides what is sent, but a run that says nothing of it has the fingerprint that it always had.
READING = frozenset({"types", "sheet", "header_row", "by", "encoding", "literal", "hidden"})

Count = Annotated[int, msgspec.Meta(ge=1)]
Minutes = Annotated[float, msgspec.Meta(ge=0)]


class Work(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    """What every kind of step has."""

    on_failure: Literal["halt", "continue"] = "halt"


class ReadingOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How files are to be read, if the user says so; None and False leave it to the files."""

    sheet: str | None = None
    header_row: Count | None = None
    by: Literal["id", "number", "name"] | None = None
    encoding: str | None = None
    literal: bool = False
    hidden: Literal["include", "skip"] | None = None

    @property
    def chosen(self) -> dict[str, Any]:
        """What was given explicitly, by the names of the plan file."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}


class Regenerate(Work, frozen=True, kw_only=True, tag="regenerate"):
    """Regenerate the objects that manifests list."""

    manifests: tuple[str, ...] = ()
    from_: str | None = msgspec.field(name="from", default=None)  # `step N`: what it selected or changed
    type: str | None = None
    types: dict[str, str] = msgspec.field(default_factory=dict)  # of single files, by their paths
    sheet: str | None = None
    header_row: Count | None = None
    by: Literal["id", "number", "name"] | None = None
    encoding: str | None = None
    literal: bool = False
    hidden: Literal["include", "skip"] | None = None
    only_resend: bool = False
    re_migrate: bool = False
    mode: Literal["default", "only-resend", "re-migrate"] | None = None  # both flags as one word; None: not said
    skip_rejected: bool = False
    canary: Count | None = None


class Backfill(Work, frozen=True, kw_only=True, tag="backfill"):
    """Upload files of records, in parts, as data backfill jobs."""

    type: str
    file: str | None = None
    files: tuple[str, ...] = ()
    allow_nulls: bool = False
    zip: bool = False
    parallel_jobs: Count = 1
    skip_rejected: bool = False
    template_check: bool = True


class BookingDates(Work, frozen=True, kw_only=True, tag="booking-dates"):
    """A booking date backfill job over the whole tenant."""


class AutoBackfill(Work, frozen=True, kw_only=True, tag="auto-backfill"):
    """An auto backfill job: values of the product catalog are copied to charges or order line items of the tenant."""

    type: Literal["RatePlanCharge", "OrderLineItem"]
    batch_size: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None  # None: the tenant's own
    dry_run: bool = False


class JournalRun(Work, frozen=True, kw_only=True, tag="journal-run"):
    """A journal run, or one for each row of manifests."""

    manifests: tuple[str, ...] = ()
    accounting_period: str | None = None
    target_start_date: date | None = None
    target_end_date: date | None = None
    journal_entry_date: date | None = None
    transaction_types: tuple[str, ...] = ()
    organization_labels: tuple[str, ...] = ()
    skip_rejected: bool = False


class TrialBalance(Work, frozen=True, kw_only=True, tag="trial-balance"):
    """The trial balance of an accounting period, behind its journal run."""

    accounting_period: str


class Select(Work, frozen=True, kw_only=True, tag="select"):
    """A manifest from the tenant, for the steps that regenerate from it; sends nothing and is no step of the run."""

    type: str
    updated_since: str | None = None  # a day, a time, `last`, or `step N`: since that step began
    begin: str | None = None  # with `last`: where nothing of the name is confirmed yet
    missing: bool = False
    lines: bool = False  # also objects of which only a line was updated; with `step N` that is so anyway
    status: tuple[str, ...] = ()
    sql: str | None = None
    name: str | None = None
    settle_minutes: Minutes = 0.0  # with `step N`: how long after it Data Query may need to show its changes


class Reconcile(Work, frozen=True, kw_only=True, tag="reconcile"):
    """Ask the tenant whether it has what the steps before have made, and send again what it lacks; is a run of its own
    only where it sends."""

    revenue: bool = False  # also whether Zuora Revenue has collected it
    send_again: Annotated[int, msgspec.Meta(ge=0)] = 2  # how often, at most
    mode: Literal["default", "only-resend", "re-migrate"] | None = None  # None: as each row was sent
    settle_minutes: Minutes = 15.0  # how long after the last request a transaction may need to show
    wait_minutes: Minutes = 0.0  # for what Revenue has received and not collected, and what cannot be told yet


AnyWork = Regenerate | Backfill | BookingDates | AutoBackfill | JournalRun | TrialBalance
PlanWork = AnyWork | Select | Reconcile  # what a plan file may hold
KINDS: tuple[type[AnyWork], ...] = (Regenerate, Backfill, BookingDates, JournalRun, AutoBackfill, TrialBalance)
PLAN_KINDS: tuple[type[PlanWork], ...] = (*KINDS, Select, Reconcile)


class Step(msgspec.Struct, frozen=True):
    """One operation in a run; steps are numbered from 1."""

    number: int
    work: AnyWork

    @property
    def does(self) -> str:
        """The word of the plan file: `regenerate`, `backfill`, …"""
        return str(self.work.__struct_config__.tag)

    @property
    def manifests(self) -> tuple[str, ...]:
        """The files that the step reads; none for an operation on the whole tenant."""
        return files_of(self.work)

    @property
    def skip_rejected(self) -> bool:
        """Whether the good rows are sent though others were rejected."""
        return getattr(self.work, "skip_rejected", False)

    @property
    def options(self) -> dict[str, Any]:
        """The options besides the manifests, as JSON values; those on how files are read only if they were given."""
        values = msgspec.to_builtins(self.work)
        return {name: value for name, value in values.items() if name not in SOURCES and (value or name not in READING)}

    @property
    def identifying(self) -> dict[str, Any]:
        """The options that decide what is sent: part of the run's fingerprint."""
        deciding = {"do": self.does} | {name: value for name, value in self.options.items() if name not in NEUTRAL}
        if "types" in deciding:  # in the order of the manifests: the same file is the same wherever it is
            deciding["types"] = [deciding["types"].get(path) for path in self.manifests]
        return deciding


def unusual(do: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a step that are not what they would be by themselves."""
    usual = _usual(do)
    return {name: value for name, value in options.items() if value != usual.get(name)}


@cache
def _usual(do: str) -> dict[str, Any]:
    """What the options of a step are by themselves."""
    kind = next(kind for kind in KINDS if kind.__struct_config__.tag == do)
    usual = {field.name: msgspec.to_builtins(field.default) for field in fields(kind) if field.default is not NODEFAULT}
    usual |= {f.name: f.default_factory() for f in fields(kind) if f.default_factory is not NODEFAULT}
    return usual


def files_of(work: PlanWork) -> tuple[str, ...]:
    """The files that a step reads, in order."""
    match work:
        case Select():
            return (work.sql,) if work.sql is not None else ()
        case Regenerate() | JournalRun():
            return work.manifests
        case Backfill():
            return ((work.file,) if work.file is not None else ()) + work.files
        case _:
            return ()


def relative_to(work: PlanWork, folder: str) -> PlanWork:
    """The same work, its files counted from a folder."""
    match work:
        case Select():
            return msgspec.structs.replace(work, sql=None if work.sql is None else _from(folder, work.sql))
        case Regenerate():
            paths = tuple(_from(folder, path) for path in work.manifests)
            types = {_from(folder, path): type for path, type in work.types.items()}
            return msgspec.structs.replace(work, manifests=paths, types=types)
        case JournalRun():
            return msgspec.structs.replace(work, manifests=tuple(_from(folder, path) for path in work.manifests))
        case Backfill():
            return msgspec.structs.replace(work, file=None, files=tuple(_from(folder, path) for path in files_of(work)))
        case _:
            return work


def _from(folder: str, path: str) -> str:
    return path if path == "-" else os.path.normpath(os.path.join(folder, path))  # noqa: PTH118 - as given


def numbered(works: tuple[AnyWork, ...], numbers: tuple[int, ...] = ()) -> tuple[Step, ...]:
    """The steps of a run; with the numbers that they have in their plan file, where those are other ones."""
    return tuple(Step(number, work) for number, work in zip(numbers or range(1, len(works) + 1), works, strict=True))
