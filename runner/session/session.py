"""One invocation of a run: lock, send what is left, write the views, seal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from runner import __version__
from runner.config.settings import Settings
from runner.dispatch.circuit_breaker import Ending
from runner.dispatch.dispatcher import Dispatch
from runner.dispatch.key_expiry import window_closed
from runner.dispatch.retry_policy import Patience
from runner.dispatch.run_limits import Tally, Terms
from runner.dispatch.sender import Sender
from runner.dispatch.throttle import Pace
from runner.domain.errors import ExitCode, LedgerError, Refused, RemoteUnusable
from runner.domain.model import State
from runner.domain.run_status import RunStatus
from runner.ledger import Event, Journal, Pen, step_lines
from runner.ledger import queries as ledger_views
from runner.ledger.assumed_sends import assume_sent
from runner.ledger.facts import Breach, CanaryPending
from runner.ledger.queries import StepFacts
from runner.ledger.shared_reply_ids import shared_reply_ids
from runner.runs.completeness import incomplete, refusal
from runner.runs.event_log import RECORDED, EventLog
from runner.runs.evidence import refuse_changed
from runner.runs.folder import LOG
from runner.runs.run_json import totals_of
from runner.runs.send_notes import SendNotes
from runner.session.close import close_run
from runner.session.invocation import Invocation
from runner.session.job_store import JobBook
from runner.session.judging import Verdict, has_succeeded
from runner.session.open_run import OpenRun
from runner.session.progress import Progress
from runner.session.quota_usage import quota_of
from runner.session.run_settings import wire_of_run
from runner.session.senders import DirectSender, JobSender
from runner.session.starts import start_of
from runner.session.taking import hold_tenant, remember_use, remote_run_of
from runner.system.counting import counted
from runner.system.runtime_tuning import seldom_collecting
from runner.system.signals import finishing, handled
from runner.system.timestamps import iso, now_microseconds
from runner.zuora import client as zuora
from runner.zuora.connection import Wire
from runner.zuora.jobs.state import Looks

if TYPE_CHECKING:
    from runner.session.remote_run import RemoteRun


def proceed(run: OpenRun, settings: Settings, invocation: Invocation) -> Ending:
    """Send what the run has left, and write its views, whatever ends it.

    Raises RunHeld if another process holds the run or its tenant, LedgerError if the ledger gives out.
    """
    folder = run.folder
    with contextlib.ExitStack() as stack:
        stack.enter_context(folder.lock())
        facts = run.refresh()
        if facts.status is RunStatus.RUNNING:
            run.store.check()  # the last invocation ended in no good order
        wire = wire_of_run(settings, facts)
        hold_tenant(stack, folder, facts, invocation)
        lost = incomplete(folder, run.store)
        if lost is not None and not invocation.accept_incomplete_ledger:
            raise Refused(refusal(folder, lost))
        examined = refuse_changed(folder, ledger_is_older=lost is not None, store=run.store)
        # nothing was touched until here, and nothing below refuses
        remote = remote_run_of(run, settings, facts)
        store = run.write()
        if lost is not None:
            assume_sent(store, lost.since, breaches=(*facts.breaches, lost.breach()))
            run.forget_document()
        if remote is not None:
            remote.begin(store)
        remember_use(folder, facts)
        return _Session(run, settings, invocation, wire, remote).run(examined.breaches())


WATCH_SECONDS = 0.2
LOOKS_A_SECOND = 5


class _Session:
    def __init__(
        self,
        run: OpenRun,
        settings: Settings,
        invocation: Invocation,
        wire: Wire,
        remote: RemoteRun | None = None,
    ) -> None:
        self.opened, self.settings, self.invocation, self.wire, self.remote = run, settings, invocation, wire, remote
        self.folder, self.store = folder, store = run.folder, run.store
        self.tally = Tally()
        self._verdict = Verdict(proven=has_succeeded(store), seen=shared_reply_ids(store))
        self.dispatch: Dispatch | None = None
        self.ending: Ending | None = None
        self.progress = Progress(ledger_views.pending(store), self.tally, settings.blackouts, quiet=invocation.quiet)
        opened = folder.unseal()
        self.sends = SendNotes(folder.path, folder.path / LOG)
        self.journal = Journal(store, self.sends.note)
        self.log = EventLog(folder.path / LOG, self.progress.tell)
        if opened:
            self.log.note("seal-opened", {"by": f"process {os.getpid()}"})

    def run(self, breaches: tuple[Breach, ...] = ()) -> Ending:
        started = now_microseconds()
        facts = self.store.facts()
        self.opened.begin(
            status=RunStatus.RUNNING,
            started_at=facts.started_at or iso(started),
            needs_person=False,
            starts=(*facts.starts, start_of(self.invocation, self.settings)),
            breaches=facts.breaches + breaches,
            **(self.remote.facts if self.remote else {}),
        )
        self.log.note("started", {"run": self.folder.id, "process": os.getpid(), "version": __version__})
        try:
            ending = asyncio.run(self._drive())
            ending = self._settle(ending)
            self.log.note("ended", {"how": ending.status, "exit_code": int(ending.exit_code), "reason": ending.reason})
        except LedgerError as error:
            self.log.note("fault", {"reason": str(error)})
            raise
        finally:
            self.progress.close()
            self.log.close()
            self.sends.close()
        with finishing():
            self.opened.written(close_run(self.folder, self.store, ending, self.journal))
            if self.remote is not None:
                self.remote.finish()
        return ending

    def _settle(self, ending: Ending) -> Ending:
        """A finished run whose rows did not all succeed says so; one with rows that wait has not finished."""
        if ending.status is not RunStatus.FINISHED:
            return ending
        totals = totals_of(ledger_views.counts(self.store))
        if waiting := totals["pending"]:
            reason = f"nothing was left to send, {counted(waiting, 'row')} pending; see `regen verify {self.folder.id}`"
            return Ending(RunStatus.FAULT, ExitCode.FAULT, reason)
        wrong = {state: totals[state] for state in ledger_views.TROUBLED if totals.get(state)}
        if not wrong:
            return ending
        text = ", ".join(f"{count} {state}" for state, count in wrong.items())
        return Ending(RunStatus.FINISHED, ExitCode.ROWS_FAILED, text)

    async def _drive(self) -> Ending:
        async with zuora.connected(self.wire) as client:
            pen = Pen(self.journal)
            showing = asyncio.gather(self.progress.show(), self._watch(), self._watch_remote(pen))
            try:
                with self._signals(), seldom_collecting():
                    return await self._steps(client, pen)
            finally:
                showing.cancel()
                await asyncio.gather(showing, return_exceptions=True)  # else asyncio reports it as never retrieved
                with contextlib.suppress(LedgerError):
                    await pen.close()

    async def _watch(self) -> None:
        """Ask whoever called whether to stop, and show how far the run is; where nobody wants to know, do nothing."""
        stopped, on_progress = self.invocation.stopped, self.invocation.on_progress
        looks = 0
        while stopped is not None or on_progress is not None:
            await asyncio.sleep(WATCH_SECONDS)
            looks += 1
            if stopped is not None and stopped():
                self._signalled(Ending(RunStatus.INTERRUPTED, ExitCode.INTERRUPTED, "interrupted"))
                stopped = None
            if on_progress is not None and looks % LOOKS_A_SECOND == 0:
                on_progress(self.tally)

    async def _watch_remote(self, pen: Pen) -> None:
        """Copy the ledger to object storage, and end gracefully once another machine has continued the run."""
        if self.remote is not None:
            await self.remote.watch(pen, self.store, partial(self._note, pen), self._superseded)

    def _superseded(self, reason: str) -> None:
        self._signalled(Ending(RunStatus.STOPPED, ExitCode.HELD, reason, needs_person=True))

    async def _copied(self, pen: Pen) -> Ending | None:
        """Copy the ledger before a step's first request; the ending if that is not possible."""
        if self.remote is None:
            return None
        try:
            await self.remote.copy(pen, self.store)
        except (RemoteUnusable, OSError) as error:
            return Ending(RunStatus.STOPPED, ExitCode.STOPPED, f"{error}; without a copy nothing more is sent")
        return None

    async def _steps(self, client: zuora.Client, pen: Pen) -> Ending:
        ending = Ending(RunStatus.FINISHED, ExitCode.SUCCEEDED)
        pace = await self._paced(pen)
        for step in ledger_views.steps(self.store):
            await pen.call(reopen_unknown, self.journal, step.number, self.invocation.resend_unknown, time.time())
            ending = await self._copied(pen) or await self._step(step, client, pen, pace)
            if ending.status is not RunStatus.FINISHED:
                return ending
            if (halted := await pen.call(self._halted, step)) is not None:
                return halted
        return ending

    async def _step(self, step: StepFacts, client: zuora.Client, pen: Pen, pace: Pace) -> Ending:
        """Send a step: its canary, if it has one, and then the rest."""
        sender = await self._sender(step, client, pen)
        size = self._canary_size(step)
        canary = await pen.call(ledger_views.canary, self.store, step.number, size) if size else frozenset()
        if size and canary:
            await self._set_facts(pen, canary_pending=CanaryPending(step=step.number, requests=size))
            ending = await self._dispatched(self._dispatch(step, sender, pen, pace, canary), sender)
            if ending.status is not RunStatus.FINISHED:
                return ending
            await self._set_facts(pen, canary_pending=None)
            left = await pen.call(ledger_views.pending, self.store)
            self._note(pen, "canary-passed", {"requests": len(canary), "left": left})
        return await self._dispatched(self._dispatch(step, sender, pen, pace), sender)

    def _canary_size(self, step: StepFacts) -> int | None:
        """Of this invocation, of the step, or of an earlier invocation whose canary has not passed."""
        pending = self.store.facts().canary_pending
        earlier = pending.requests if pending is not None and pending.step == step.number else None
        return self.invocation.terms.canary or earlier or step.options.get("canary")

    async def _set_facts(self, pen: Pen, **changes: Any) -> None:
        await pen.call(partial(self.store.set_facts, **changes))

    async def _dispatched(self, dispatch: Dispatch, sender: Sender) -> Ending:
        self.dispatch = dispatch
        if self.ending is not None:
            return self.ending
        if self.invocation.no_wait and isinstance(sender, JobSender) and sender.all_created:
            self._created()
        return await dispatch.run()

    def _halted(self, step: StepFacts) -> Ending | None:
        """A step with failures halts the run before the next one, unless that was accepted."""
        number = step.number
        if self.invocation.accept_failures or step.options.get("on_failure") == "continue":
            return None
        if not step_lines.waiting_after(self.store, number):
            return None  # nothing is left, or the next step has begun: it was accepted then
        counts = step_lines.counts_of_step(self.store, number)
        wrong = [f"{counts[state]} {state}" for state in ("failed", "unknown") if counts.get(state)]
        if not wrong:
            return None
        reason = f"step {number} ({step.do}) ended with {', '.join(wrong)}; the next step was not begun"
        return Ending(RunStatus.HALTED, ExitCode.ROWS_FAILED, reason)

    async def _sender(self, step: StepFacts, client: zuora.Client, pen: Pen) -> Sender:
        """How a step is sent: all but regenerations create jobs."""
        profile = self.settings.profile
        if step.do == "regenerate":
            return DirectSender(client, self._verdict, profile.request_timeout_seconds)
        looks = Looks(
            profile.jobs.first_poll_seconds,
            profile.jobs.longest_poll_seconds,
            profile.jobs.search_seconds,
            profile.jobs.patience_seconds,
        )
        sender = JobSender(
            client,
            JobBook(pen, self.store),
            looks,
            profile.request_timeout_seconds,
            self._verdict.reply_ids,
            show=self.progress.job,
            when_created=self._created if self.invocation.no_wait else None,
        )
        await sender.resume(pen, self.store, step.number, resend=self.invocation.resend_unknown)
        return sender

    def _created(self) -> None:
        """All jobs that may be under way at once are created, and nobody waits for them."""
        if self.dispatch is not None:
            reason = "created (--no-wait); `regen resume` follows"
            self.dispatch.stop(Ending(RunStatus.PAUSED, ExitCode.PAUSED, reason))

    def _dispatch(
        self,
        step: StepFacts,
        sender: Sender,
        pen: Pen,
        pace: Pace,
        canary: frozenset[int] = frozenset(),
    ) -> Dispatch:
        settings, note = self.settings, partial(self._note, pen)
        patience = settings.profile.patience
        return Dispatch(
            pen=pen,
            journal=self.journal,
            step=step.number,
            sender=sender,
            pace=pace,
            patience=Patience(patience.attempts, patience.base_seconds, patience.cap_seconds),
            terms=self._terms(step),
            tally=self.tally,
            canary=canary,
            proven=self._verdict.proven,
            note=note,
        )

    async def _paced(self, pen: Pen) -> Pace:
        """The pace of this invocation, for all its steps."""
        settings, tenant = self.settings, self.store.facts().tenant
        pace = Pace(
            concurrency=settings.concurrency,
            rate=settings.rate,
            quota=await pen.call(quota_of, settings, self.opened, tenant),
            share=settings.quota_share,
            note=partial(self._note, pen),
        )
        self.progress.paced(pace)
        return pace

    def _terms(self, step: StepFacts) -> Terms:
        """The terms of a step: what is left of the budget, and the profile's own."""
        terms = self.invocation.terms
        left = None if terms.max_requests is None else max(0, terms.max_requests - self.tally.sent)
        return replace(
            terms,
            max_requests=left,
            drain_seconds=self.settings.profile.drain_seconds,
            blackouts=self.settings.blackouts,
        )

    def _note(self, pen: Pen, name: str, facts: dict[str, Any]) -> None:
        self.log.note(name, facts)
        if name in RECORDED:
            pen.note(Event(now_microseconds(), name, json.dumps(facts)))

    def _signals(self) -> contextlib.AbstractContextManager[None]:
        """The first signal ends the run gracefully, the second at once. Ctrl-Break is Windows' SIGTERM."""
        interrupted = Ending(RunStatus.INTERRUPTED, ExitCode.INTERRUPTED, "interrupted")
        terminated = Ending(RunStatus.TERMINATED, ExitCode.TERMINATED, "terminated")
        return handled(
            {
                "SIGINT": partial(self._signalled, interrupted),
                "SIGTERM": partial(self._signalled, terminated),
                "SIGHUP": partial(self._signalled, terminated),
                "SIGBREAK": partial(self._signalled, terminated),
                "SIGUSR1": self.progress.tell_now,
            }
        )

    def _signalled(self, ending: Ending) -> None:
        if self.ending is not None and self.dispatch is not None:
            self.dispatch.hurry()
        elif self.dispatch is not None:
            self.dispatch.stop(ending)
        self.ending = self.ending or ending


def reopen_unknown(journal: Journal, step: int, resend: bool, now: float) -> int:
    """Make unknown requests pending again: with the same key while its window is open, else only on demand
    and with the next. Returns how many."""
    again = []
    for state in (State.UNKNOWN, State.PENDING):
        for begun in journal.begun(step, state):
            number, generation = begun.request.number, begun.history.generation
            if not window_closed(begun.history, now):
                again.append((number, generation))
            elif resend:
                again.append((number, generation + 1))
    if again:
        journal.reopen(again)
    return len(again)
