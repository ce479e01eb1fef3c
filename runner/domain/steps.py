"""What a step of a run asks for: one frozen value a kind, the same from the command line and from a plan file.

The names are those of the plan file; `msgspec` reads them, checks their types and refuses names that there are not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import NODEFAULT
from msgspec.structs import fields

# Options that do not decide what is sent: a run with others is the same run.
NEUTRAL = frozenset({"manifests", "file", "files", "skip_rejected", "canary", "on_failure", "template_check", "mode"})

Count = Annotated[int, msgspec.Meta(ge=1)]


class Work(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    """What every kind of step has."""

    on_failure: Literal["halt", "continue"] = "halt"


class Regenerate(Work, frozen=True, kw_only=True, tag="regenerate"):
    """Regenerate the objects that manifests list."""

    manifests: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    type: str | None = None
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


AnyWork = Regenerate | Backfill | BookingDates | JournalRun
KINDS: tuple[type[AnyWork], ...] = (Regenerate, Backfill, BookingDates, JournalRun)


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
        """What was asked for besides the manifests, as JSON values."""
        told = msgspec.to_builtins(self.work)
        return {name: value for name, value in told.items() if name not in ("do", "manifests", "file", "files")}

    @property
    def identifying(self) -> dict[str, Any]:
        """The options that decide what is sent: part of the run's fingerprint."""
        told = {"do": self.does} | self.options
        return {name: value for name, value in told.items() if name not in NEUTRAL}


def unusual(do: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a step that are not what they would be by themselves."""
    kind = next(kind for kind in KINDS if kind.__struct_config__.tag == do)
    usual = {field.name: msgspec.to_builtins(field.default) for field in fields(kind) if field.default is not NODEFAULT}
    return {name: value for name, value in options.items() if value != usual.get(name)}


def files_of(work: AnyWork) -> tuple[str, ...]:
    """The files that a step reads, in order."""
    match work:
        case Regenerate() | JournalRun():
            return work.manifests
        case Backfill():
            return ((work.file,) if work.file is not None else ()) + work.files
        case _:
            return ()


def relative_to(work: AnyWork, folder: str) -> AnyWork:
    """The same work, its files counted from a folder."""
    match work:
        case Regenerate() | JournalRun():
            return msgspec.structs.replace(work, manifests=tuple(_from(folder, path) for path in work.manifests))
        case Backfill():
            return msgspec.structs.replace(work, file=None, files=tuple(_from(folder, path) for path in files_of(work)))
        case _:
            return work


def _from(folder: str, path: str) -> str:
    return path if path == "-" else os.path.normpath(os.path.join(folder, path))  # noqa: PTH118 - as given


def numbered(works: tuple[AnyWork, ...]) -> tuple[Step, ...]:
    """The steps of a run."""
    return tuple(Step(number, work) for number, work in enumerate(works, 1))
