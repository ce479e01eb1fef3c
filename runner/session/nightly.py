"""One unattended night: what earlier nights have left, then tonight's list with the rows that failed before.

```
runs of the tenant ─▶ action_of ─┬▶ resume: unfinished, or unknown rows whose keys are still safe
                                 ├▶ report: needs a person, held, or unknown under a key that has expired
                                 └▶ nothing
tonight's list ─▶ without its empty manifests ─▶ + failed rows of the last run ─▶ run, or a quiet night
```

Every run is a part of the night with an exit code of its own; none keeps the others from going on, except a signal.
The exit code of the night is the gravest.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from manifests import ManifestError, Reading, open_manifest
from manifests.errors import NoRows
from runner.config.connection import tenant_of
from runner.config.settings import Settings, gather
from runner.domain.errors import ExitCode, LedgerError, Refused, RunnerError
from runner.domain.lifetimes import KEY_SECONDS
from runner.domain.run_status import RunStatus
from runner.domain.steps import AnyWork, Backfill, Regenerate, files_of
from runner.ledger import open_read_only, queries
from runner.plan.regenerate import reading
from runner.plan.sources import stages
from runner.runs.brief import RunBrief
from runner.runs.folder import RunFolder
from runner.runs.known_runs import known_runs
from runner.runs.run_json import RunDocument
from runner.session.approval import permit
from runner.session.invocation import Invocation
from runner.session.open_run import OpenRun
from runner.session.ownership import refuse_moved, refuse_other_tenant
from runner.session.prepare import Prepared, check_headers, prepare, prepare_night
from runner.session.run_request import RunRequest, with_plan_file
from runner.session.run_settings import settings_of_run
from runner.session.session import proceed
from runner.session.stage import Hands, StageEnd, Stops, never
from runner.session.stages import Journey
from runner.system.console import say
from runner.system.timestamps import now_microseconds

GRAVEST_FIRST = (
    ExitCode.FAULT,
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
    ExitCode.REFUSED,
    ExitCode.STOPPED,
    ExitCode.HELD,
    ExitCode.PAUSED,
    ExitCode.ROWS_FAILED,
    ExitCode.SUCCEEDED,
)
SIGNALS = (ExitCode.INTERRUPTED, ExitCode.TERMINATED)
TONIGHT, CONFIRMED = "tonight", "confirmed"


class Action(enum.Enum):
    """What a night does about a run of an earlier night."""

    RESUME = "send what it has left"
    ASK_PERSON = "leave it: it was stopped for a reason that a person must look at"
    LEAVE_RUNNING = "leave it: a process is at work on it"
    NAME_UNKNOWN = "leave it: rows of unknown outcome, whose keys are no longer safe to repeat"
    NOTHING = "nothing is left"


@dataclass(frozen=True)
class EarlierRun:
    """The facts of a run that decide about it."""

    status: RunStatus
    needs_person: bool
    held: bool
    pending: int
    unknown: int
    unknown_is_safe: bool  # some unknown row can be sent again under its own key
    started: bool
    planned_by_night: bool = False


def action_of(run: EarlierRun) -> Action:
    """What a night does about a run."""
    match run:
        case EarlierRun(status=RunStatus.ABANDONED | RunStatus.REFUSED):
            return Action.NOTHING
        case EarlierRun(held=True):
            return Action.LEAVE_RUNNING
        case EarlierRun(started=False):
            return Action.RESUME if run.planned_by_night and run.pending else Action.NOTHING
        case EarlierRun(needs_person=True) if run.pending:
            return Action.ASK_PERSON
        case EarlierRun(status=RunStatus.RUNNING):
            return Action.RESUME  # a crash; also one between the last response and the seal
        case EarlierRun() if run.pending or run.unknown_is_safe:
            return Action.RESUME
        case EarlierRun() if run.unknown:
            return Action.NAME_UNKNOWN
        case _:
            return Action.NOTHING


@dataclass(frozen=True)
class Part:
    """One run of a night, and how it ended there."""

    what: str  # `resumed`, `left`, `tonight`, `confirmed`
    exit_code: ExitCode
    reason: str = ""
    folder: RunFolder | None = None


@dataclass(frozen=True)
class Night:
    """What a night is to do."""

    request: RunRequest
    invocation: Invocation
    yes: bool = False


def gravest(parts: list[Part]) -> ExitCode:
    """The exit code of a night: that of its worst part. Where the tenant confirmed everything of tonight's runs in the
    end, it is that which counts of them."""
    confirmed = [at for at, part in enumerate(parts) if part.what == CONFIRMED and part.exit_code is ExitCode.SUCCEEDED]
    counting = [
        part.exit_code
        for at, part in enumerate(parts)
        if not (at < max(confirmed, default=0) and part.what == TONIGHT and part.exit_code is ExitCode.ROWS_FAILED)
    ]
    return min(counting, key=GRAVEST_FIRST.index, default=ExitCode.SUCCEEDED)


def run_night(night: Night) -> Iterator[Part]:
    """Go through a night, a part at a time. Raises Refused for settings that cannot serve any part."""
    request = with_plan_file(night.request)
    settings = gather(request.flags)
    tenant = tenant_of(settings)
    seen: set[str] = set()
    for folder, document in _runs_of(settings.runs_dir, settings.host, tenant):
        part = _earlier(folder, document, night, request)
        if part is None:
            continue
        seen.add(folder.id)
        yield part
        if part.exit_code in SIGNALS:
            return
    if request.plan:
        yield from _stages(request, settings, night, seen)
    else:
        yield _guarded(TONIGHT, None, lambda: _tonight(request, settings, night, seen))


# -- what earlier nights have left ----------------------------------------------------------------------------------


def _runs_of(runs: Path, host: str, tenant: str) -> list[tuple[RunFolder, RunDocument]]:
    """The runs of a tenant that may have something left, in the order in which they were planned."""
    mine = []
    for run in known_runs(runs):
        if (run.brief.host, run.brief.tenant) != (host, tenant) or _is_settled(run.brief):
            continue
        folder = run.folder
        document = folder.document()
        if document is not None and document.status is RunStatus.RUNNING:
            with suppress(LedgerError):
                document = folder.current_document()
        if document is not None:
            mine.append((folder, document))
    return sorted(mine, key=lambda pair: str(pair[1].planned_at))


def _is_settled(brief: RunBrief) -> bool:
    """Whether a night has nothing to do about a run, whatever else is known of it (`action_of`)."""
    return brief.status is not RunStatus.RUNNING and not (brief.counts["pending"] or brief.counts["unknown"])


def _earlier(folder: RunFolder, document: RunDocument, night: Night, request: RunRequest) -> Part | None:
    """The part that an earlier run has in a night; None if it has none."""
    run = _facts_of(folder, document)
    counts = {"pending": run.pending, "unknown": run.unknown}
    states = ", ".join(f"{count:,} {state}" for state, count in counts.items() if count)
    match action_of(run):
        case Action.RESUME:
            return _guarded("resumed", folder, lambda: _resumed(folder, night, request))
        case Action.ASK_PERSON:
            reason = f"it needs a person ({document.reason or document.status}; {states}): regen show {folder.id}"
            return Part("left", ExitCode(document.exit_code or ExitCode.STOPPED), reason, folder)
        case Action.LEAVE_RUNNING:
            return Part("left", ExitCode.HELD, f"another process is at work on it ({states})", folder)
        case Action.NAME_UNKNOWN:
            reason = (
                f"{run.unknown:,} rows are unknown and their keys have expired, so that only the tenant knows: "
                f"regen reconcile {folder.id} --query, then regen resume {folder.id} --resend-unknown"
            )
            return Part("left", ExitCode.SUCCEEDED, reason, folder)
        case Action.NOTHING:
            return None


def _facts_of(folder: RunFolder, document: RunDocument) -> EarlierRun:
    unknown, safe, by_night = document.counts.get("unknown", 0), False, False
    with suppress(LedgerError), open_read_only(folder.ledger) as store:
        by_night = store.facts().planned_by_night
        if unknown:
            safe = queries.unknown_since(store, now_microseconds() - int(KEY_SECONDS * 1e6))
    return EarlierRun(
        status=document.status,
        needs_person=document.needs_person or document.status.needs_person,
        held=document.status is RunStatus.RUNNING and folder.is_held(),
        pending=document.counts.get("pending", 0),
        unknown=unknown,
        unknown_is_safe=safe,
        started=document.started_at is not None,
        planned_by_night=by_night,
    )


def _resumed(folder: RunFolder, night: Night, request: RunRequest) -> Part:
    with OpenRun(folder) as run:
        facts = run.store.facts()
        _, settings = settings_of_run(replace(request.flags, base_url=None, profile=None), facts)
        refuse_other_tenant(facts, settings, tenant_of(settings))
        refuse_moved(run)
        return _sent("resumed", run, settings, night)


# -- tonight's list -------------------------------------------------------------------------------------------------


def _stages(request: RunRequest, settings: Settings, night: Night, seen: set[str]) -> Iterator[Part]:
    """Tonight's plan file, a run after the other, as long as each succeeds."""
    journey = Journey(request)
    for numbers in stages(request.plan):
        if journey.is_confirming(numbers):
            parts = list(_confirmed(journey, numbers, night))
            end = StageEnd(parts[-1].exit_code, parts[-1].folder)
        else:
            part = _guarded(TONIGHT, None, lambda: _stage(journey, numbers, settings, night, seen))  # noqa: B023 - now
            journey.ended(numbers, part.folder)
            parts, end = [part], StageEnd(part.exit_code, part.folder)
        yield from parts
        if end.exit_code is not ExitCode.SUCCEEDED and not journey.may_go_on(numbers, end):
            return


def _confirmed(journey: Journey, numbers: list[int], night: Night) -> Iterator[Part]:
    """A `reconcile` step: the runs that it made or went on with, and what the tenant shows in the end."""
    runs: list[Part] = []

    def send(request: RunRequest) -> StageEnd:
        with prepare(request) as prepared:
            runs.append(_started(prepared, night, set()))
        return StageEnd(runs[-1].exit_code, runs[-1].folder)

    def resume(folder: RunFolder) -> StageEnd:
        runs.append(_resumed(folder, night, night.request))
        return StageEnd(runs[-1].exit_code, runs[-1].folder)

    def confirm() -> Part:
        end = journey.confirm(numbers, Hands(send, resume, _stops(night)))
        return Part(CONFIRMED, ExitCode.SUCCEEDED) if end is None else Part(CONFIRMED, end.exit_code, end.reason)

    end = _guarded(CONFIRMED, None, confirm)
    yield from runs
    yield end


def _stops(night: Night) -> Stops:
    return Stops(night.invocation.terms.until, night.invocation.stopped or never)


def _stage(journey: Journey, numbers: list[int], settings: Settings, night: Night, seen: set[str]) -> Part:
    stopped = journey.settled(numbers, _stops(night))
    if stopped is not None:
        return Part(TONIGHT, stopped.exit_code, stopped.reason)
    ready = journey.request_of(numbers, keep_empty=True)
    if ready is None:
        return Part(TONIGHT, ExitCode.SUCCEEDED, "nothing to send: none of its steps sends anything")
    return _tonight(ready, settings, night, seen)


def _tonight(request: RunRequest, settings: Settings, night: Night, seen: set[str]) -> Part:
    """Tonight's list with the rows that failed in the last run of its name."""
    name = request.name or request.manifests[0]
    works = tuple(_without_empty(step.work) for step in request.steps)
    carried = request.retry_failed_from or "last"
    tonight = replace(request, works=works, name=name, retry_failed_from=carried, planned_by_night=True)
    tonight = replace(tonight, if_unfinished=request.if_unfinished or "resume")
    check_headers(request, settings)  # those of an empty list too
    prepared = prepare_night(tonight, settings)
    if prepared is None:
        return Part(TONIGHT, ExitCode.SUCCEEDED, "nothing to send: the list is empty, and no row failed before")
    with prepared:
        return _started(prepared, night, seen)


def _started(prepared: Prepared, night: Night, seen: set[str]) -> Part:
    folder, document = prepared.folder, prepared.run.document
    if prepared.over or folder.id in seen:
        code = prepared.exit_code if prepared.over else ExitCode(document.exit_code or 0)
        return Part(TONIGHT, code, f"the same list is run {folder.id}, {document.status} already", folder)
    if prepared.begun and (document.needs_person or document.status.needs_person):
        code = ExitCode(document.exit_code or ExitCode.STOPPED)
        return Part(TONIGHT, code, f"it needs a person ({document.reason}): regen show {folder.id}", folder)
    if prepared.begun:
        refuse_moved(prepared.run)
    return _sent(TONIGHT, prepared.run, prepared.settings, night)


def _without_empty(work: AnyWork) -> AnyWork:
    """A step without those of its manifests that are a header and nothing else."""
    match work:
        case Regenerate():
            how = reading(work)
            return structs.replace(work, manifests=tuple(path for path in work.manifests if _has_rows(path, how)))
        case Backfill():
            return structs.replace(work, file=None, files=tuple(path for path in files_of(work) if _has_rows(path)))
        case _:
            return work


def _has_rows(path: str, how: Reading | None = None) -> bool:
    """Whether a manifest has rows. What else is wrong with it is for planning to say."""
    if path == "-":
        raise Refused("standard input can be read only once; a night needs its list as a file")
    try:
        with open_manifest(path, reading=how or Reading()) as source:
            next(source.batches(1), None)
    except NoRows:
        return False
    except ManifestError:
        return True
    return True


# -- sending --------------------------------------------------------------------------------------------------------


def _guarded(what: str, folder: RunFolder | None, act: Callable[[], Part]) -> Part:
    """A part, whatever goes wrong with it: the rest of the night goes on."""
    try:
        return act()
    except RunnerError as error:
        return Part(what, error.exit_code, str(error), folder)


def _sent(what: str, run: OpenRun, settings: Settings, night: Night) -> Part:
    """Send what a run has left."""
    folder = run.folder
    confirmed = permit(
        run.store,
        settings,
        yes=night.yes,
        show_plan=lambda: say(f"run {folder.id}", err=True),
        preflight=night.invocation.preflight,
    )
    try:
        ending = proceed(run, settings, replace(night.invocation, confirmed=confirmed))
    except OSError as error:
        raise RunnerError(
            f"{error.filename or folder.path}: {error.strerror or error}; the ledger has every response: fix that, "
            f"then `regen resume {folder.id}`"
        ) from error
    return Part(what, ending.exit_code, ending.reason, folder)
