"""Claim → send → judge → record: the only concurrency of the program. Knows no Zuora.

It is handed how to send, what an answer means, when to try again and how fast; it keeps the order:

- an intent is on disk before it is sent (`Pen.claim`), an answer soon after it came (`Pen.record`);
- requests of one lane are never under way together;
- a retry is a row that is due later, not a loop that sleeps with a connection in its hand;
- a key in doubt is not sent outside its window;
- in a blackout nothing is sent: what is under way finishes, the rest waits, unclaimed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec.structs import replace

from runner.dispatch.circuit_breaker import Breaker, Ending
from runner.dispatch.key_expiry import Drift, window_closed
from runner.dispatch.loader import Loader
from runner.dispatch.queue import Job
from runner.dispatch.records import attempt_record, described, pause_reason
from runner.dispatch.retry_policy import Patience, exhausted, settled
from runner.dispatch.run_limits import Tally, Terms
from runner.dispatch.sender import Sender
from runner.dispatch.stop_conditions import BlackoutGate, ClaimBudget, Deadlines, Note, paused
from runner.dispatch.throttle import Pace
from runner.dispatch.workers import Workers
from runner.domain.errors import ExitCode, LedgerError
from runner.domain.model import Answer, History, Judgement, Kind, Outcome, Reason, Reply, Silence, State
from runner.domain.run_status import RunStatus
from runner.ledger import Claim, Journal, Pen, Written
from runner.system.clock import Clock
from runner.system.counting import counted
from runner.system.recovery_points import reach


class Dispatch:
    """Sends what one step has left. One use."""

    def __init__(
        self,
        *,
        pen: Pen,
        journal: Journal,
        step: int,
        sender: Sender,
        pace: Pace,
        patience: Patience,
        terms: Terms,
        tally: Tally,
        canary: frozenset[int] = frozenset(),
        proven: bool = False,
        note: Note = lambda name, facts: None,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._pen, self._sender = pen, sender
        self._pace, self._patience, self._terms = pace, patience, terms
        self._tally, self._note = tally, note
        self._clock, self._chance = clock or Clock(), chance
        wrong = tally.failed + tally.unknown  # in the steps before
        self._breaker = Breaker(terms.failures, terms.outage_patience_seconds, wrong, tally.settled, proven)
        self._loader = Loader(pen, journal, step, canary)
        self._backlog = self._loader.backlog
        self._workers = Workers(self, pace)
        self._budget = ClaimBudget(terms.max_requests)
        self._deadlines = Deadlines(terms, pace)
        self._blackout = BlackoutGate(terms, self._breaker, tally, note)
        self._claiming = 0  # claimed, not yet on disk
        self._outstanding = 0  # claimed and not yet concluded
        self.canary = canary  # if there is one: nothing else is sent, and each of them must succeed
        self._drift = Drift()
        self._wake = asyncio.Event()
        self._ending: Ending | None = None
        self._hurry = asyncio.Event()

    def stop(self, ending: Ending) -> None:
        """Claim nothing more and end gracefully; a signal outranks the breaker, that a budget."""
        if self._ending is None or ending.outranks(self._ending):
            self._ending = ending
            self._note("stopping", {"why": ending.status, "reason": ending.reason})
        self._wake.set()

    def hurry(self) -> None:
        """Do not wait for what is under way: it stays in doubt, and is sent again under the same key."""
        self._hurry.set()

    async def run(self) -> Ending:
        """Send until nothing is left or something stops it. Raises LedgerError if the ledger fails."""
        self._pen.failure.add_done_callback(self._ledger_failed)
        await self._loader.begin()
        self._workers.start()
        try:
            await self._feed()
        except BaseException as error:
            self.stop(Ending(RunStatus.FAULT, ExitCode.FAULT, str(error)))
            raise
        finally:
            await self._end()
        await self._pen.flush()
        self._pen.failure.remove_done_callback(self._ledger_failed)
        if self._ending is None or (self._ending.exit_code is ExitCode.PAUSED and self._nothing_left):
            return Ending(RunStatus.FINISHED, ExitCode.SUCCEEDED)
        return self._ending

    # -- feeding: what to claim ---------------------------------------------------------------------------------

    async def _feed(self) -> None:
        while self._ending is None:
            self._wake.clear()
            await self._loader.refill()
            if self._past_terms():
                continue
            self.claim_more()
            if self._nothing_left:
                return
            await self._sleep()

    def is_ending(self) -> bool:
        """Whether something has stopped it, in the meantime too."""
        return self._ending is not None

    @property
    def _nothing_left(self) -> bool:
        """Whether every request of the step is settled."""
        return not self._outstanding and not self._backlog and self._loader.exhausted

    def _past_terms(self) -> bool:
        """Stop when the deadline has come or the budget or the day's quota is spent."""
        unsent = self._unsent_work
        ending = self._deadlines.ending(self._clock.now(), unsent_work=unsent)
        if ending is None and self._budget.is_spent and not self._outstanding and not self._nothing_left:
            ending = paused(f"{counted(self._tally.sent, 'request')} sent (--max-requests)")
        if ending is None and unsent:
            ending = self._deadlines.quota_ending()
        if ending is not None:
            self.stop(ending)
        return self.is_ending()

    @property
    def _left(self) -> int | None:
        """How many requests are not settled, as far as they are loaded; None while there are more."""
        return len(self._backlog) + self._outstanding if self._loader.exhausted else None

    @property
    def _unsent_work(self) -> bool:
        """Whether anything waits to be sent, claimed or not."""
        return bool(self._backlog) or self._outstanding > self._workers.sending

    def claim_more(self) -> None:
        """Claim ahead of the workers, as soon as half of what they have before them is used up.

        What the next commit can take is claimed while a slow disk still writes the one before.
        """
        half = self._pace.ahead // 2
        if len(self._workers.queue) > half or (self._claiming and self._outstanding > self._pace.limit + half):
            return
        if self._past_terms():
            return
        if self._blackout.look(self._clock.now(), self._clock.steady()):
            return
        if jobs := self._take():
            self._claim(jobs)
            self._wake.set()  # the backlog may want more

    def _take(self) -> list[Job]:
        room = min(2 * self._pace.limit, self._pace.limit + self._pace.ahead) - self._outstanding
        room = self._budget.room(room)
        if room <= 0 or self._pace.held_seconds > 0:
            return []
        return self._backlog.take(room, self._clock.steady())

    def _claim(self, jobs: list[Job]) -> None:
        """Write the intents to disk; `_to_workers` goes on from there."""
        claimed_at = int(self._clock.now() * 1e6)
        now = claimed_at / 1e6  # as the ledger has it
        jobs = [job for job in jobs if not self._expire(job, now)]
        if not jobs:
            return
        for job in jobs:
            job.history = history = job.history.claim(now)
            job.claim = Claim(job.request.number, history.attempts, history.generation, claimed_at)
        self._outstanding += len(jobs)
        self._claiming += len(jobs)
        self._budget.take(len(jobs))
        written = self._pen.claim([job.claim for job in jobs if job.claim])
        written.add_done_callback(partial(self._to_workers, jobs))

    def _to_workers(self, jobs: list[Job], written: Written) -> None:
        """The intents are on disk: they may be sent. If the ledger failed they are not sent, and the run ends."""
        self._claiming -= len(jobs)
        if written.cancelled() or written.result() is not None:
            self._outstanding -= len(jobs)
            return
        reach("claimed")
        self._workers.add(jobs)

    async def _sleep(self) -> None:
        """Until something happens, a retry is due, or a second has passed: the wall clock may have jumped."""
        timeout = 1.0
        if self._backlog.next_due is not None and not self._blackout.is_closed:
            timeout = min(timeout, max(0.001, self._backlog.next_due - self._clock.steady()))
        if self._pace.held_seconds > 0:
            timeout = min(1.0, self._pace.held_seconds)
        alarm = asyncio.get_running_loop().call_later(timeout, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            alarm.cancel()

    # -- sending ------------------------------------------------------------------------------------------------

    async def attempt(self, job: Job) -> None:
        """Send a claimed request and act upon the answer."""
        started = self._clock.now()
        if self._terms.blackouts.closed_until(started) > started:
            self.give_back(job)
            self._wake.set()
            return
        began = self._clock.steady()
        if job.history.doubts and window_closed(job.history, started, self._drift.watch(started, began)):
            self.give_back(job, later=False)
            self._expire(job, started)
            self._wake.set()
            return
        job.first_sent_at = job.first_sent_at or int(started * 1e6)
        self._tally.sent += 1
        try:
            answer = await self._sender.send(job.request, job.history.generation, job.history.attempts)
        except asyncio.CancelledError:
            self._conclude(job, Silence("aborted", "the run was stopped while this was under way"), started, 0.0)
            raise
        reach("answered")
        self._conclude(job, answer, started, (self._clock.steady() - began) * 1e3)

    def give_back(self, job: Job, *, later: bool = True) -> None:
        """A claim that was not sent is taken back: nothing is in doubt about it."""
        assert job.claim is not None
        self._pen.give_back(job.claim)
        job.history = job.history.give_back(job.claim.claimed_at / 1e6)
        self._outstanding -= 1
        self._budget.give_back()
        if later:
            self._backlog.later(job, self._clock.steady())

    # -- concluding: what an answer does ------------------------------------------------------------------------

    def _conclude(self, job: Job, answer: Answer, sent_at: float, latency_ms: float) -> None:
        now, steady = self._clock.now(), self._clock.steady()
        self._drift.watch(now, steady)
        judgement = self._sender.judge(answer, job.request, job.history, now - self._drift.gained_seconds)
        ending = self._breaker.observe(job.request.number, judgement, steady, self._left)
        # A stop is not a last attempt: what it leaves without an outcome stays pending.
        if self.is_ending() or self._breaker.outage_since is not None:
            judgement = replace(judgement, spends=False)
        if not isinstance(answer, Reply) and not answer.sent and not judgement.in_doubt:
            self._unsent(job, judgement)
        else:
            self._answered(job, answer, judgement, sent_at, now, latency_ms)
        if isinstance(answer, Reply) and answer.limits is not None:
            self._pace.adopt(answer.limits)
        self._hold(judgement, steady, steady - latency_ms / 1e3)
        if ending is not None:
            self.stop(ending)
        if not self._workers.queue:  # else this worker does so when it takes the next
            self.claim_more()
        if not self._outstanding:
            self._wake.set()  # `_feed` has something to do; an alarm wakes it for what becomes due later

    def _unsent(self, job: Job, judgement: Judgement) -> None:
        """Nothing went out, for want of a connection, a token or a server to trust: the claim is taken back."""
        self._tally.sent -= 1
        if job.history.attempts == 1:
            job.first_sent_at = None
        self.give_back(job, later=False)
        if judgement.known:  # a job that was searched for and found runs on however long it takes
            job.history = job.history.resolved()
        job.unsent += 1
        tries = replace(job.history, spent=job.unsent)
        delay = self._patience.delay_seconds(judgement, tries, self._chance())
        self._backlog.later(job, self._clock.steady() + delay)
        self._wake.set()

    def _answered(
        self, job: Job, answer: Answer, judgement: Judgement, sent_at: float, now: float, latency_ms: float
    ) -> None:
        before, job.unsent = job.history, 0
        token = answer.token if isinstance(answer, Reply) else 0
        if judgement.kind is not Kind.SUCCEEDED:  # the end: nothing depends on its history any more
            job.history = before.after(judgement, now - self._drift.gained_seconds, token)
        outcome = self._outcome(judgement, before, job)
        self._pen.record(attempt_record(job, answer, judgement, outcome, before, int(sent_at * 1e6), now, latency_ms))
        self._outstanding -= 1
        if outcome is not None:
            self._settle(job, outcome, judgement)
        elif judgement.kind is Kind.AGAIN:
            self._again(job, judgement, before)

    def _outcome(self, judgement: Judgement, before: History, job: Job) -> Outcome | None:
        if judgement.kind in (Kind.SUCCEEDED, Kind.FAILED, Kind.UNKNOWN):
            return settled(judgement)
        if judgement.kind is Kind.AGAIN and judgement.spends and self._patience.spent(job.history):
            return exhausted(judgement, before)
        return None

    def _settle(self, job: Job, outcome: Outcome, judgement: Judgement) -> None:
        self._tally.count(outcome.state)
        succeeded = outcome.state is State.SUCCEEDED
        if not succeeded:
            self._note("settled", described(job, judgement) | {"state": outcome.state.value})
        ending = self._breaker.settle(job.request.number, succeeded=succeeded)
        if ending is not None:
            self.stop(ending)
        self._free(job)
        if self.canary and not succeeded:
            reason = f"the canary did not pass: row {job.request.number} {outcome.state.value} ({outcome.message})"
            self.stop(
                Ending(RunStatus.STOPPED, ExitCode.STOPPED, f"{reason}; nothing else was sent", needs_person=True)
            )

    def _free(self, job: Job) -> None:
        """Let the next request of the lane go."""
        released = self._backlog.settled(job)
        if not released and job.request.following is not None and not self.canary:
            task = asyncio.create_task(self._loader.load(job.request.following))
            self._outstanding += 1  # keeps the run open until it is loaded
            task.add_done_callback(self._released)

    def _released(self, task: asyncio.Task[None]) -> None:
        self._outstanding -= 1
        if not task.cancelled() and (error := task.exception()) is not None:
            self.stop(Ending(RunStatus.FAULT, ExitCode.FAULT, str(error)))
        self._wake.set()

    def _again(self, job: Job, judgement: Judgement, before: History) -> None:
        self._tally.retries += judgement.reason is not Reason.FOLLOWING
        delay = self._patience.delay_seconds(judgement, job.history, self._chance())
        self._note("again", described(job, judgement) | {"attempt": before.attempts, "after_seconds": round(delay, 3)})
        self._backlog.later(job, self._clock.steady() + delay)
        self._wake.set()

    def _hold(self, judgement: Judgement, now: float, began: float) -> None:
        """Hold everyone as the server demands, or as the outage does; loop times, `began` that of the sending."""
        if judgement.reason is Reason.THROTTLED and judgement.holds_everyone:
            self._pace.refused(judgement.objection or pause_reason(judgement), judgement.hold_seconds, began)
        elif judgement.holds_everyone and judgement.hold_seconds:
            self._pace.hold(judgement.hold_seconds, pause_reason(judgement))
        elif judgement.kind is Kind.SUCCEEDED or judgement.kind is Kind.FAILED:
            self._pace.well()
        pause = self._breaker.pause_seconds(now)
        if pause is not None:
            self._pace.hold(pause, f"outage: {pause_reason(judgement)}")
        self._pace.probe(self._breaker.outage_since is not None)

    def _expire(self, job: Job, now: float) -> bool:
        """Settle a request whose key may be forgotten by now as unknown, unsent."""
        if not window_closed(job.history, now, self._drift.lost_seconds):
            return False
        message = "in doubt, and its key is no longer safe to repeat; see `--resend-unknown`"
        outcome = Outcome(State.UNKNOWN, message=message)
        judgement = Judgement(Kind.AGAIN, Reason.SILENCE, message=message)
        record = attempt_record(job, Silence("expired"), judgement, outcome, job.history, None, now, None)
        self._pen.record(replace(record, answers=False))
        self._settle(job, outcome, judgement)
        return True

    # -- ending -------------------------------------------------------------------------------------------------

    def _ledger_failed(self, failure: asyncio.Future[Any]) -> None:
        if not failure.cancelled():
            self.stop(Ending(RunStatus.FAULT, ExitCode.FAULT, str(failure.result())))

    async def _end(self) -> None:
        """Let what is under way finish, give the unsent back."""
        ends = await self._workers.drain(self._terms.drain_seconds, self._hurry)
        with contextlib.suppress(LedgerError):  # `run` flushes once more
            await self._pen.flush()  # what is being claimed arrives, and is given back
        while self._workers.queue:
            self.give_back(self._workers.queue.popleft())
        for end in ends:
            if isinstance(end, Exception):
                raise end

    def failed(self, error: BaseException) -> None:
        """A worker ended by a fault of the program: the run ends."""
        self.stop(Ending(RunStatus.FAULT, ExitCode.FAULT, repr(error)))
