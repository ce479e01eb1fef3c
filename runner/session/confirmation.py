"""The step `reconcile` of a plan file: ask the tenant whether the work is done, and send again exactly what is not.

```
runs of the steps before ─▶ settled? ─▶ Billing, Revenue ─┬─ everything confirmed ─▶ exit code 0, the next step
          ▲                                               ├─ still on its way ─▶ ask again, as long as the step may wait
          └──── a run of the rows that are missing or errored ◀─┘
```

The runs that it makes are named after the first run, `…-again-1`, `…-again-2`; the same command finds them again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from runner.domain.errors import ExitCode
from runner.domain.lifetimes import KEY_SECONDS
from runner.domain.run_status import RunStatus
from runner.domain.steps import Reconcile, Regenerate
from runner.ledger import open_read_only, queries
from runner.plan.modes import mode_of, resolved
from runner.runs.folder import RunFolder, folder
from runner.runs.run_json import StepDocument
from runner.session.run_request import RunRequest
from runner.session.stage import Hands, StageEnd, in_words, last_sent, pause
from runner.session.standing import Doubt, Standing, objects_of, standing_of
from runner.system.console import printable, say
from runner.system.counting import counted
from runner.system.timestamps import now_microseconds

POLL_SECONDS = (5.0, 60.0)  # between two looks at what is still on its way: at first, at most
MOST_CHARACTERS = 60  # of the part of a run id that comes from the first run
READING = ("type", "by", "literal")  # how the rows of a step were read, as far as their own columns need it again


@dataclass(frozen=True)
class Confirming:
    """The `reconcile` step of a plan file: its number, its options, and the runs that it answers for."""

    number: int
    work: Reconcile
    runs: tuple[RunFolder, ...]


class Confirmation:
    """One `reconcile` step at work."""

    def __init__(self, request: RunRequest, step: Confirming, hands: Hands) -> None:
        self._request, self._step, self._hands = request, step, hands
        self._work = step.work
        self._runs_dir = step.runs[0].path.parent
        self._stem = f"{step.runs[0].id[:MOST_CHARACTERS].rstrip('.-_')}-again-"
        self._again = list(self._sent_before())
        self._standings: dict[str, Standing] = {}
        self._resumed: set[str] = set()
        self._deadline = time.time() + 60 * step.work.wait_minutes

    def run(self) -> StageEnd:
        """Ask, send again, ask again. Raises QueryFailedError if the tenant does not answer."""
        pauses = self._pauses()
        while True:
            stopped = self._finish_runs() or self._wait_until_settled()
            if stopped is not None:
                return stopped
            self._look()
            if not self._open:
                return self._confirmed()
            if any(standing.to_send() for standing in self._open) and len(self._again) < self._work.send_again:
                stopped = self._send()
            elif self._may_pass() and time.time() < self._deadline:
                left = max(0.0, self._deadline - time.time())
                stopped = pause(min(next(pauses), left), self._hands.stops)
            else:
                return self._unconfirmed()
            if stopped is not None:
                return stopped

    # -- the runs ---------------------------------------------------------------------------------------------------

    @property
    def _family(self) -> list[RunFolder]:
        return [*self._step.runs, *self._again]

    @property
    def _open(self) -> list[Standing]:
        return [standing for standing in self._standings.values() if not standing.confirmed]

    def _sent_before(self) -> Iterator[RunFolder]:
        """The runs that this step made when the same command was given before."""
        for number in range(1, self._work.send_again + 1):
            run = folder(self._runs_dir, f"{self._stem}{number}")
            document = run.document() if run.ledger.exists() else None
            if document is None or document.started_at is None:
                return
            yield run

    def _finish_runs(self) -> StageEnd | None:
        """Go on with runs that were broken off, and ask for unknown rows again under their keys while these last."""
        for run in self._family:
            if run.id in self._resumed or not _has_left(run):
                continue
            self._resumed.add(run.id)
            end = self._hands.resume(run)
            if end.exit_code not in (ExitCode.SUCCEEDED, ExitCode.ROWS_FAILED):
                return end
        return None

    def _send(self) -> StageEnd | None:
        """Send what is to be sent again as a run of its own; how it ended, unless the step can go on from there."""
        works, unknown = self._works()
        request = replace(
            self._request,
            plan=(),
            manifests=(),
            works=works,
            numbers=(),
            name=f"{self._request.stem}-again",
            run_id=f"{self._stem}{len(self._again) + 1}",
            again=False,
            retry_failed_from=None,
            resend_unknown=unknown,
            if_unfinished="new" if unknown else self._request.if_unfinished,
        )
        rows = sum(len(standing.to_send()) for standing in self._open)
        self._say(f"sending {counted(rows, 'row')} again, as run {request.run_id}")
        end = self._hands.send(request)
        if end.folder is not None:
            self._again.append(end.folder)
            sent = objects_of(end.folder)
            for standing in self._standings.values():
                standing.superseded(sent)
        return None if end.exit_code in (ExitCode.SUCCEEDED, ExitCode.ROWS_FAILED) else end

    def _works(self) -> tuple[tuple[Regenerate, ...], bool]:
        """The rows as steps, one for each step that they were rows of; and whether unknown ones are among them."""
        from runner.audit.missing_rows import write_rows_to_send

        works: list[Regenerate] = []
        for standing in self._open:
            rows, target = standing.to_send(), standing.folder.later() if standing.to_send() else None
            if target is None:
                continue
            with open_read_only(standing.folder.ledger) as store:
                steps = {line.line: line.step for line in queries.lines(store, among=rows)}
                for step in standing.folder.current_document().steps:
                    mine = [row for row in rows if steps[row] == step.number]
                    if mine:
                        path, _ = write_rows_to_send(store, target / f"again-step-{step.number}.csv", mine)
                        works.append(_as_before(step, str(path), self._work.mode))
        doubts = {standing.doubts[row] for standing in self._open for row in standing.to_send()}
        return tuple(works), Doubt.NOT_DONE in doubts

    # -- asking -----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Ask the tenant about every run that is not confirmed yet."""
        for at, run in enumerate(self._family):
            known = self._standings.get(run.id)
            if known is not None and known.confirmed:
                continue
            standing = standing_of(run, self._request.flags, revenue=self._work.revenue)
            for later in self._again[max(0, at + 1 - len(self._step.runs)) :]:
                standing.superseded(objects_of(later))
            self._standings[run.id] = standing
            if standing.rows or not standing.confirmed:
                self._say(f"run {run.id}: {standing.text()}")

    def _may_pass(self) -> bool:
        """Whether all that is open may be confirmed by waiting."""
        return all(standing.may_pass() for standing in self._open)

    def _wait_until_settled(self) -> StageEnd | None:
        """What was sent a moment ago may not show yet; a row that is only late must not be sent again."""
        last = max((last_sent(run) for run in self._family), default=0.0)
        seconds = last + 60 * self._work.settle_minutes - time.time()
        if seconds <= 0:
            return None
        self._say(f"waiting for {in_words(seconds)}, until what was sent last must show")
        return pause(seconds, self._hands.stops)

    @staticmethod
    def _pauses() -> Iterator[float]:
        first, most = POLL_SECONDS
        while True:
            yield first
            first = min(2 * first, most)

    # -- the end ----------------------------------------------------------------------------------------------------

    def _confirmed(self) -> StageEnd:
        rows = sum(self._standings[run.id].rows for run in self._step.runs)  # those sent again are among them
        where = "Billing and Revenue" if self._work.revenue else "Billing"
        again = f", some of them sent again in {counted(len(self._again), 'run')}" if self._again else ""
        self._say(f"everything is confirmed in {where}: {counted(rows, 'row')}{again}")
        return StageEnd(ExitCode.SUCCEEDED, self._family[-1])

    def _unconfirmed(self) -> StageEnd:
        for remedy in dict.fromkeys(remedy for standing in self._open for remedy in standing.remedies):
            self._say(remedy)
        if self._may_pass():
            reason = self._say("not confirmed yet; the same command asks again")
            return StageEnd(ExitCode.PAUSED, self._family[-1], reason)
        runs = ", ".join(standing.folder.id for standing in self._open)
        command = "--revenue" if self._work.revenue else "--query"
        reason = self._say(
            f"not confirmed, after sending again {counted(len(self._again), 'time')}: {runs}; "
            f"`regen reconcile RUN {command}` lists the rows"
        )
        return StageEnd(ExitCode.ROWS_FAILED, self._family[-1], reason)

    def _say(self, text: str) -> str:
        line = f"step {self._step.number}, reconcile: {text}"
        say(printable(line), err=True)
        return line


def _has_left(run: RunFolder) -> bool:
    """Whether a run is to be resumed first: it was broken off, or has unknown rows whose keys are safe."""
    document = run.document()
    if document is None or document.status is RunStatus.ABANDONED:
        return False
    if document.unfinished and not document.waits_for_person:
        return True
    if not document.counts.get("unknown"):
        return False
    with open_read_only(run.ledger) as store:
        return queries.unknown_since(store, now_microseconds() - int(KEY_SECONDS * 1e6))


def _as_before(step: StepDocument, path: str, mode: str | None) -> Regenerate:
    """A step over the rows in a file, in the mode in which they were sent, or in another one."""
    options = {name: step.options[name] for name in READING if step.options.get(name)}
    flags = {name: bool(step.options.get(name)) for name in ("only_resend", "re_migrate")}
    return resolved(Regenerate(manifests=(path,), mode=mode or mode_of(Regenerate(**flags)), **options))  # type: ignore[arg-type]


def confirm(request: RunRequest, step: Confirming, hands: Hands) -> StageEnd:
    """Run a `reconcile` step. Raises QueryFailedError if the tenant does not answer."""
    return Confirmation(request, step, hands).run()
