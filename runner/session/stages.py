"""Plan files whose steps depend on each other, as one run after another.

```
plan file ─▶ stages ─▶ selections of the stage ─▶ manifests ─▶ run ─ succeeded ─▶ next stage
                                                                  └─ else: the later steps are not begun
```

What a run sends is what was planned; so a step whose rows are known only once an earlier one is done belongs to a run
of its own. The same command again finds each run, and each selection, as it left them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from msgspec import structs

from runner.config.connection import tenant_of
from runner.config.settings import Settings, gather
from runner.domain.errors import ExitCode, Refused
from runner.domain.lifetimes import SAME_RUN_FOR
from runner.domain.model import State
from runner.domain.run_status import RunStatus
from runner.domain.steps import AnyWork, Backfill, PlanWork, Reconcile, Regenerate, Select
from runner.ledger import open_read_only, queries
from runner.plan.sources import source_number, stages
from runner.runs.folder import RunFolder
from runner.runs.run_id import stem
from runner.select import selection
from runner.select.backfilled import ways_of
from runner.select.manifest_file import Sidecar, lines, read_sidecar
from runner.select.request import LAST, SelectRequest, query_of
from runner.select.selection import Plan
from runner.select.watermark import FOLDER, confirmed_digests
from runner.session.run_request import RunRequest
from runner.session.stage import Hands, StageEnd, Stops, in_words, last_sent, pause
from runner.system.atomic_file import make_private
from runner.system.console import printable, say
from runner.system.timestamps import utc_now


@dataclass(frozen=True)
class Origin:
    """Where the rows of a manifest came from, as the same command must find it again."""

    wording: str  # of the step
    previous: str | None  # the run before

    def as_text(self) -> str:
        """One line for the sidecar."""
        return f"{self.wording}; after run {self.previous}" if self.previous else self.wording


def in_stages(request: RunRequest, hands: Hands) -> ExitCode:
    """Run the stages of a plan file in order, as long as each succeeds. Returns the last exit code that counts: that of
    a `reconcile` step stands for those of the runs that it answers for.

    Raises Refused, QueryFailedError for a selection or a reconciliation that cannot be made.
    """
    parts = stages(request.plan)
    journey = Journey(request)
    code = ExitCode.SUCCEEDED
    for at, numbers in enumerate(parts):
        end = journey.run(numbers, hands)
        if end is None:
            continue
        if end.exit_code is not ExitCode.SUCCEEDED or journey.is_confirming(numbers):
            code = end.exit_code
        if end.exit_code is not ExitCode.SUCCEEDED and not journey.may_go_on(numbers, end):
            if later := [number for part in parts[at + 1 :] for number in part]:
                say(_not_begun(later, request), err=True)
            return code
    return code


def planned_stage(request: RunRequest) -> tuple[RunRequest | None, str | None]:
    """The first run of a plan file, its selections made, and a word on the steps that are planned only after it."""
    first, *later = stages(request.plan)
    ready = Journey(request).request_of(first)
    numbers = [number for part in later for number in part]
    which = _steps(numbers) if numbers else None
    return ready, which and f"{which}: planned once the steps before have been sent, since that decides about the rows"


def without_tenant(request: RunRequest) -> tuple[RunRequest, str]:
    """The steps of a plan file whose rows are in files, and a word on the others. Raises Refused for a query, a type
    or a status that cannot be."""
    works, numbers = [], []
    for number, work in enumerate(request.plan, 1):
        if isinstance(work, Select):
            query_of(_select_request(work))
        elif isinstance(work, Reconcile):
            continue
        elif source_number(work) is None:
            works.append(work)
            numbers.append(number)
        elif isinstance(source := request.plan[int(source_number(work) or 0) - 1], Backfill):
            ways_of(source.type)
    others = [
        number
        for number, work in enumerate(request.plan, 1)
        if number not in numbers and not isinstance(work, Reconcile)
    ]
    if not others:
        return replace(request, plan=(), works=tuple(works), numbers=tuple(numbers)), ""
    note = f"only the tenant knows the rows of steps {', '.join(map(str, others))}: they are not checked here"
    if not works:
        raise Refused(f"{request.name}: {note}")
    return replace(request, plan=(), works=tuple(works), numbers=tuple(numbers)), note


def _select_request(work: Select) -> SelectRequest:
    return SelectRequest(
        type=work.type,
        updated_since=work.updated_since,
        begin=work.begin,
        missing=work.missing,
        lines=work.lines or (work.updated_since or "").startswith("step"),
        statuses=work.status,
        sql_file=work.sql,
        name=work.name,
    )


def _steps(numbers: Sequence[int]) -> str:
    return f"step {numbers[0]}" if len(numbers) == 1 else f"steps {numbers[0]} to {numbers[-1]}"


def _not_begun(numbers: Sequence[int], request: RunRequest) -> str:
    return printable(
        f"{_steps(numbers)} of {request.name}: not begun; once that is settled, the same command continues with it"
    )


class Journey:
    """The way through the stages of one plan file."""

    def __init__(self, request: RunRequest) -> None:
        self._request = request
        self._settings: Settings = gather(request.flags)
        self._tenant = tenant_of(self._settings)
        self._runs: dict[int, RunFolder] = {}  # of the steps that were run
        self._manifests: dict[int, tuple[Path, ...]] = {}  # of the steps whose objects are known
        self._types: dict[int, str | None] = {}
        self._previous: RunFolder | None = None
        self._unconfirmed: list[RunFolder] = []  # runs that no `reconcile` step has answered for

    def run(self, numbers: Sequence[int], hands: Hands) -> StageEnd | None:
        """Run a stage; None where nothing of it is left to run."""
        with hands.watched() as note:
            end = self.confirm(numbers, hands) if self.is_confirming(numbers) else self.settled(numbers, hands.stops)
            if end is not None:
                note(end)
            if end is not None or self.is_confirming(numbers):
                return end
            ready = self.request_of(numbers)
        if ready is None:
            return None
        end = hands.send(ready)
        self.ended(numbers, end.folder)
        return end

    def settled(self, numbers: Sequence[int], stops: Stops) -> StageEnd | None:
        """Wait until Data Query shows what the steps have changed since which something is selected; how the stage ends
        if it may not wait so long."""
        for work in (self._request.plan[number - 1] for number in numbers):
            if not isinstance(work, Select) or not work.settle_minutes or source_number(work) is None:
                continue
            seconds = 60 * work.settle_minutes - (time.time() - max(map(last_sent, self._runs.values()), default=0.0))
            if seconds > 0:
                say(
                    f"waiting for {in_words(seconds)}, until Data Query must show what {work.updated_since} changed",
                    err=True,
                )
            if (stopped := pause(seconds, stops)) is not None:
                return stopped
        return None

    def is_confirming(self, numbers: Sequence[int]) -> bool:
        """Whether a stage is a `reconcile` step."""
        return isinstance(self._request.plan[numbers[0] - 1], Reconcile)

    def confirm(self, numbers: Sequence[int], hands: Hands) -> StageEnd | None:
        """Ask the tenant about the runs of the stages before; None where nothing was sent."""
        from runner.session.confirmation import Confirming, confirm

        work = self._request.plan[numbers[0] - 1]
        assert isinstance(work, Reconcile)
        if not self._unconfirmed:
            say(f"step {numbers[0]}, reconcile: nothing was sent that could be confirmed", err=True)
            return None
        end = confirm(self._request, Confirming(numbers[0], work, tuple(self._unconfirmed)), hands)
        if end.exit_code is ExitCode.SUCCEEDED:
            self._unconfirmed = []
        return end

    def request_of(self, numbers: Sequence[int], *, keep_empty: bool = False) -> RunRequest | None:
        """A stage as a run, its selections made; None where no step is left in it."""
        for number in numbers:
            if isinstance(work := self._request.plan[number - 1], Select):
                self._select(number, work)
        steps = [(number, self._resolved(self._request.plan[number - 1])) for number in numbers]
        left = [(number, work) for number, work in steps if work is not None]
        if not keep_empty:
            left = [(number, work) for number, work in left if not self._is_empty(number, work)]
        if not left:
            return None
        return replace(
            self._request,
            plan=(),
            works=tuple(work for _, work in left),
            numbers=tuple(number for number, _ in left),
            name=self._name(numbers[0]),
            run_id=self._run_id(numbers[0]),
        )

    def ended(self, numbers: Sequence[int], folder: RunFolder | None) -> None:
        """A stage has been run."""
        if folder is not None:
            self._previous = folder
            self._runs |= dict.fromkeys(numbers, folder)
            self._unconfirmed.append(folder)

    def may_go_on(self, numbers: Sequence[int], end: StageEnd) -> bool:
        """Whether the next stage may begin though rows of this one failed. A `reconcile` step begins all the same: what
        became of unknown rows is what it finds out."""
        accepted = self._request.plan[numbers[-1] - 1].on_failure == "continue"
        if end.exit_code is not ExitCode.ROWS_FAILED:
            return False
        if self.is_confirming(numbers):
            return accepted
        document = None if end.folder is None else end.folder.document()
        if document is None or document.status is not RunStatus.FINISHED:
            return False
        return accepted or isinstance(self._work_at(numbers[-1] + 1), Reconcile)

    def _work_at(self, number: int) -> PlanWork | None:
        return self._request.plan[number - 1] if number <= len(self._request.plan) else None

    def _name(self, first: int) -> str:
        name = str(self._request.name)
        return name if first == 1 else f"{stem(name)}-step-{first}"

    def _run_id(self, first: int) -> str | None:
        name = self._request.run_id
        return name if name is None or first == 1 else f"{name}-step-{first}"

    # -- where rows come from -------------------------------------------------------------------------------------

    def _resolved(self, work: PlanWork) -> AnyWork | None:
        """A step with its manifests."""
        if isinstance(work, Select | Reconcile):
            return None
        source = source_number(work)
        if not isinstance(work, Regenerate) or source is None:
            return work
        if source not in self._manifests:
            self._follow_backfill(source)
        paths = tuple(str(path) for path in self._manifests[source])
        return structs.replace(work, manifests=paths, from_=None, type=work.type or self._types[source])

    def _is_empty(self, number: int, work: AnyWork) -> bool:
        source = source_number(self._request.plan[number - 1])
        if source is None or not isinstance(work, Regenerate):
            return False
        sidecars = [read_sidecar(path) for path in self._manifests[source]]
        empty = all(sidecar is not None and not sidecar.counts.rows for sidecar in sidecars)
        if empty:
            say(f"step {number}: nothing to regenerate, since step {source} gave no objects", err=True)
        return empty

    def _select(self, number: int, work: Select) -> None:
        output = str(self._path(f"step-{number}.csv"))
        since = self._time(work)
        request = replace(_select_request(work), updated_since=since, output=output)
        plan = selection.planned(request, self._settings)
        wording = f"{plan.query.identity}; updated since {work.updated_since}"
        origin = Origin(wording, None if self._previous is None else self._previous.id)
        sidecar = self._made_before(plan, origin) or selection.select(plan, self._settings, origin.as_text())
        say("\n".join(map(printable, (f"step {number}, select:", *lines(sidecar)))), err=True)
        self._manifests[number] = (plan.request.path,)
        self._types[number] = None if plan.query.table is not None else plan.query.type

    def _made_before(self, plan: Plan, origin: Origin) -> Sidecar | None:
        """The selection that the same command made before: it is the same run. One that is confirmed is over."""
        sidecar = read_sidecar(plan.request.path)
        if self._request.again or sidecar is None or sidecar.origin != origin.as_text():
            return None
        if (sidecar.host, sidecar.tenant) != (plan.host, plan.tenant) or not plan.request.path.exists():
            return None
        if datetime.fromisoformat(sidecar.time) < utc_now() - SAME_RUN_FOR:
            return None
        if plan.request.updated_since == LAST and (
            not sidecar.counts.rows
            or sidecar.sha256 in confirmed_digests({sidecar.sha256}, self._settings.runs_dir, plan.host, plan.tenant)
        ):
            return None
        return sidecar

    def _time(self, work: Select) -> str | None:
        """The time of a selection: that of an earlier step is when its first request was sent."""
        since = work.updated_since
        if since is None or not since.startswith("step"):
            return since
        number = int(since.split()[1])
        folder = self._runs.get(number)
        document = None if folder is None else folder.document()
        if document is None or document.first_claimed_at is None:
            raise Refused(f"updated_since = {since!r}: that step has sent nothing; write a date")
        return document.first_claimed_at

    def _follow_backfill(self, number: int) -> None:
        """The objects of the records that a backfill step has changed."""
        work = self._request.plan[number - 1]
        assert isinstance(work, Backfill)
        folder = self._runs.get(number)
        records = [] if folder is None else _changed_records(folder, number)
        self._manifests[number], self._types[number] = (), None
        if folder is None or not records:
            return
        paths = []
        for way in ways_of(work.type):
            path = self._path(f"step-{number}-{way.type}.csv")
            origin = Origin(f"the objects of the {len(records):,} records of step {number}", folder.id)
            sidecar = read_sidecar(path)
            if sidecar is None or sidecar.origin != origin.as_text():
                sidecar = selection.follow_records(way, records, path, self._settings, origin.as_text())
            say("\n".join(map(printable, (f"objects of step {number}:", *lines(sidecar)))), err=True)
            paths.append(path)
        self._manifests[number] = tuple(paths)

    def _path(self, name: str) -> Path:
        folder = self._settings.runs_dir / FOLDER / f"{stem(str(self._request.name))}-{self._tenant[:8]}"
        make_private(folder, parents=True)
        return folder / name


def _changed_records(folder: RunFolder, step: int) -> list[str]:
    """The ids of the records that a backfill step changed, or may have changed."""
    changed = (State.SUCCEEDED, State.UNKNOWN, State.DUPLICATE)
    with open_read_only(folder.ledger) as store:
        rows = (line for line in queries.lines(store) if line.step == step and line.state in changed)
        return list(dict.fromkeys(str(line.object) for line in rows if line.object))
