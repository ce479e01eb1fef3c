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
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec.structs import replace

from runner.dispatch.circuit_breaker import Breaker, Ending
from runner.dispatch.key_expiry import Drift, window_closed
from runner.dispatch.queue import Backlog, Job
from runner.dispatch.records import _record
from runner.dispatch.retry_policy import Patience, exhausted, settled
from runner.dispatch.run_limits import Tally, Terms
from runner.dispatch.throttle import Pace
from runner.domain.errors import ExitCode, LedgerError
from runner.domain.model import Answer, History, Judgement, Kind, Outcome, Reason, Reply, Request, Silence, State
from runner.domain.run_status import RunStatus
from runner.ledger import Claim, Journal, Pen
from runner.system.recovery_points import reach

MOST_WAITING = 10_000  # requests that wait for another try before nothing new is begun
CHUNK = 500
MOST_TOLD = 300  # characters of what a server says, as the reason of a pause

Send = Callable[[Request, int, int], Awaitable[Answer]]
Judge = Callable[[Answer, Request, History, float], Judgement]
Note = Callable[[str, dict[str, Any]], None]


class Dispatch:
    """Sends what one step has left. One use."""

    def __init__(
        self,
        *,
        pen: Pen,
        journal: Journal,
        step: int,
        send: Send,
        judge: Judge,
        pace: Pace,
        patience: Patience,
        terms: Terms,
        tally: Tally,
        canary: frozenset[int] = frozenset(),
        proven: bool = False,
        note: Note = lambda name, facts: None,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._pen, self._journal, self._step = pen, journal, step
        self._send, self._judge = send, judge
        self._pace, self._patience, self._terms = pace, patience, terms
        self._tally, self._note = tally, note
        self._now, self._chance = now, chance
        wrong = tally.failed + tally.unknown  # in the steps before
        self._breaker = Breaker(terms.failures, terms.outage_patience_seconds, wrong, tally.settled, proven)
        self._backlog = Backlog()
        self._queue: deque[Job] = deque()  # claimed, not yet sent
        self._hungry: deque[asyncio.Future[None]] = deque()  # workers with nothing to do
        self._sending: set[asyncio.Task[None]] = set()
        self._workers: list[asyncio.Task[None]] = []
        self._claiming = 0  # claimed, not yet on disk
        self._outstanding = 0  # claimed and not yet concluded
        self._cursor = 0
        self._exhausted = False
        self._claims_left = terms.max_requests
        self.canary = canary  # if there is one: nothing else is sent, and each of them must succeed
        self._drift = Drift()
        self._closed_since: float | None = None  # loop time; a blackout holds everyone
        self._wake = asyncio.Event()
        self._ending: Ending | None = None
        self._hurry = asyncio.Event()

    def stop(self, ending: Ending) -> None:
        """Claim nothing more and end in good order; a signal outranks the breaker, that a budget."""
        if self._ending is None or ending.outranks(self._ending):
            self._ending = ending
            self._note("stopping", {"why": ending.status, "reason": ending.reason})
        self._wake.set()

    def hurry(self) -> None:
        """Do not wait for what is under way: it stays in doubt, and is asked again under the same key."""
        self._hurry.set()

    async def run(self) -> Ending:
        """Send until nothing is left or something stops it. Raises LedgerError if the ledger gives out."""
        self._pen.failure.add_done_callback(self._ledger_failed)
        await self._begin()
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._pace.ceiling)]
        for worker in self._workers:
            worker.add_done_callback(self._worker_ended)
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

    async def _begin(self) -> None:
        """Take up what an earlier invocation began."""
        for begun in await self._pen.call(lambda: list(self._journal.begun(self._step))):
            if not self.canary or begun.request.number in self.canary:
                self._backlog.push(Job(begun.request, begun.history, begun.first_sent_at))
        if self.canary:
            await self._begin_canary()
            return
        for request in await self._pen.call(self._journal.released, self._step):
            self._backlog.push(Job(request))

    async def _begin_canary(self) -> None:
        """Load the requests of the canary that were never attempted; the backlog keeps the order of their lanes."""
        self._exhausted = True
        for number in sorted(self.canary):
            if (request := await self._pen.call(self._journal.request, number)) is not None:
                self._backlog.push(Job(request))

    async def _feed(self) -> None:
        while self._ending is None:
            self._wake.clear()
            await self._refill()
            if self._past_terms():
                continue
            self._claim_more()
            if self._nothing_left:
                return
            await self._sleep()

    @property
    def _is_ending(self) -> bool:
        """Whether something has stopped it, in the meantime too."""
        return self._ending is not None

    @property
    def _nothing_left(self) -> bool:
        """Whether every request of the step is settled."""
        return not self._outstanding and not self._backlog and self._exhausted

    async def _refill(self) -> None:
        if self._exhausted or self._backlog.fresh >= CHUNK // 2 or self._backlog.waiting > MOST_WAITING:
            return
        requests = await self._pen.call(self._journal.fresh, self._step, self._cursor, CHUNK)
        self._exhausted = len(requests) < CHUNK
        if requests:
            self._cursor = requests[-1].number
            self._backlog.load(requests)

    def _past_terms(self) -> bool:
        """Stop when the deadline has come or the budget is spent."""
        now, until = self._now(), self._terms.until
        if until is not None and now >= until:
            self.stop(Ending(RunStatus.PAUSED, ExitCode.PAUSED, "the deadline (--until) has come"))
        elif until is not None and self._unsent_work and self._terms.blackouts.closed_until(now) >= until:
            reason = f"the blackout ({self._terms.blackouts}) lasts beyond the deadline (--until)"
            self.stop(Ending(RunStatus.PAUSED, ExitCode.PAUSED, reason))
        elif self._claims_left == 0 and not self._outstanding and (self._backlog or not self._exhausted):
            self.stop(Ending(RunStatus.PAUSED, ExitCode.PAUSED, f"{self._tally.sent} requests sent (--max-requests)"))
        elif self._unsent_work and not self._terms.wait_for_quota and self._pace.day_is_spent:
            reason = "our share of the tenant's quota for the day is spent (--wait-for-quota waits)"
            self.stop(Ending(RunStatus.PAUSED, ExitCode.PAUSED, reason))
        return self._ending is not None

    def _is_closed(self) -> bool:
        """Whether a blackout holds everyone just now. It is told once, and is no part of an outage."""
        now, steady = self._now(), asyncio.get_running_loop().time()
        until = self._terms.blackouts.closed_until(now)
        if until > now and self._closed_since is None:
            self._closed_since = steady
            reason = f"blackout ({self._terms.blackouts})"
            self._note("paused", {"seconds": round(until - now, 3), "reason": reason})
        elif until <= now and self._closed_since is not None:
            self._breaker.rested(steady - self._closed_since)
            self._tally.rested_seconds += steady - self._closed_since
            self._closed_since = None
            self._note("blackout-over", {})
        return self._closed_since is not None

    @property
    def _left(self) -> int | None:
        """How many requests are not settled, as far as they are loaded; None while there are more."""
        return len(self._backlog) + self._outstanding if self._exhausted else None

    @property
    def _unsent_work(self) -> bool:
        """Whether anything waits to be sent, claimed or not."""
        return bool(self._backlog) or self._outstanding > len(self._sending)

    def _claim_more(self) -> None:
        """Claim ahead of the workers, as soon as half of what they have before them is used up."""
        if len(self._queue) + self._claiming > self._pace.ahead // 2 or self._past_terms() or self._is_closed():
            return
        if jobs := self._take():
            self._claim(jobs)
            self._wake.set()  # the backlog may want more

    def _take(self) -> list[Job]:
        room = min(2 * self._pace.limit, self._pace.limit + self._pace.ahead) - self._outstanding
        if self._claims_left is not None:
            room = min(room, self._claims_left)
        if room <= 0 or self._pace.held_seconds > 0:
            return []
        return self._backlog.take(room, asyncio.get_running_loop().time())

    def _claim(self, jobs: list[Job]) -> None:
        """Have the intents put on disk; `_to_workers` goes on from there."""
        claimed_at = int(self._now() * 1e6)
        now = claimed_at / 1e6  # as the ledger has it
        jobs = [job for job in jobs if not self._expire(job, now)]
        if not jobs:
            return
        for job in jobs:
            job.history = history = job.history.claim(now)
            job.claim = Claim(job.request.number, history.attempts, history.generation, claimed_at)
        self._outstanding += len(jobs)
        self._claiming += len(jobs)
        self._count_claims(jobs)
        self._pen.claim([job.claim for job in jobs if job.claim], lambda error: self._to_workers(jobs, error))

    def _to_workers(self, jobs: list[Job], error: BaseException | None) -> None:
        """The intents are on disk: they may be sent. If the ledger gave out they are not, and the run ends."""
        self._claiming -= len(jobs)
        if error is not None:
            self._outstanding -= len(jobs)
            return
        reach("claimed")
        self._queue.extend(jobs)
        for _ in range(min(len(jobs), len(self._hungry))):
            self._feed_one()

    def _count_claims(self, jobs: list[Job]) -> None:
        if self._claims_left is not None:
            self._claims_left -= len(jobs)

    async def _sleep(self) -> None:
        """Until something happens, a retry is due, or a second has passed: the wall clock may have jumped."""
        loop = asyncio.get_running_loop()
        timeout = 1.0
        if self._backlog.next_due is not None and self._closed_since is None:
            timeout = min(timeout, max(0.001, self._backlog.next_due - loop.time()))
        if self._pace.held_seconds > 0:
            timeout = min(1.0, self._pace.held_seconds)
        alarm = loop.call_later(timeout, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            alarm.cancel()

    # -- working: one request a worker --------------------------------------------------------------------------

    async def _work(self) -> None:
        me = asyncio.current_task()
        assert me is not None
        while self._ending is None:
            while not self._queue:
                await self._hunger()
                if self._is_ending:
                    return
            job = self._queue.popleft()
            self._claim_more()
            if not self._pace.enter_at_once():
                try:
                    await self._pace.enter()
                except asyncio.CancelledError:
                    self._give_back(job)
                    raise
                if self._is_ending:
                    self._pace.leave()
                    self._give_back(job)
                    return
            self._sending.add(me)
            try:
                await self._attempt(job)
            finally:
                self._sending.discard(me)
                self._pace.leave()

    async def _hunger(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._hungry.append(waiter)
        await waiter

    def _feed_one(self) -> None:
        while self._hungry:
            waiter = self._hungry.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _attempt(self, job: Job) -> None:
        started = self._now()
        if self._terms.blackouts.closed_until(started) > started:
            self._give_back(job)
            self._wake.set()
            return
        loop = asyncio.get_running_loop()
        began = loop.time()
        if job.history.doubts and window_closed(job.history, started, self._drift.watch(started, began)):
            self._give_back(job, later=False)
            self._expire(job, started)
            self._wake.set()
            return
        job.first_sent_at = job.first_sent_at or int(started * 1e6)
        self._tally.sent += 1
        try:
            answer = await self._send(job.request, job.history.generation, job.history.attempts)
        except asyncio.CancelledError:
            self._conclude(job, Silence("aborted", "the run was stopped while this was under way"), started, 0.0)
            raise
        reach("answered")
        self._conclude(job, answer, started, (loop.time() - began) * 1e3)

    def _give_back(self, job: Job, *, later: bool = True) -> None:
        """A claim that was not sent is taken back: nothing is in doubt about it."""
        assert job.claim is not None
        self._pen.give_back(job.claim)
        job.history = job.history.give_back(job.claim.claimed_at / 1e6)
        self._outstanding -= 1
        if self._claims_left is not None:
            self._claims_left += 1
        if later:
            self._backlog.later(job, asyncio.get_running_loop().time())

    # -- concluding: what an answer does ------------------------------------------------------------------------

    def _conclude(self, job: Job, answer: Answer, sent_at: float, latency_ms: float) -> None:
        now, steady = self._now(), asyncio.get_running_loop().time()
        self._drift.watch(now, steady)
        judgement = self._judge(answer, job.request, job.history, now - self._drift.gained_seconds)
        ending = self._breaker.observe(job.request.number, judgement, steady, self._left)
        aborted = isinstance(answer, Silence) and answer.kind == "aborted"  # a stop is not a last attempt
        if aborted or self._breaker.outage_since is not None:
            judgement = replace(judgement, spends=False)
        if not isinstance(answer, Reply) and not answer.sent and not judgement.in_doubt:
            self._unsent(job, judgement)
        else:
            self._answered(job, answer, judgement, sent_at, now, latency_ms)
        if isinstance(answer, Reply) and answer.limits is not None:
            self._pace.told(answer.limits)
        self._hold(judgement, steady, steady - latency_ms / 1e3)
        if ending is not None:
            self.stop(ending)
        if not self._queue:  # else this worker does so when it takes the next
            self._claim_more()
        if not self._outstanding:
            self._wake.set()  # `_feed` has something to do; of what becomes due later its own alarm tells it

    def _unsent(self, job: Job, judgement: Judgement) -> None:
        """Nothing went out, for want of a connection, a token or a server to trust: the claim is taken back."""
        self._tally.sent -= 1
        if job.history.attempts == 1:
            job.first_sent_at = None
        self._give_back(job, later=False)
        job.unsent += 1
        tries = replace(job.history, spent=job.unsent)
        delay = self._patience.delay_seconds(judgement, tries, self._chance())
        self._backlog.later(job, asyncio.get_running_loop().time() + delay)
        self._wake.set()

    def _answered(
        self, job: Job, answer: Answer, judgement: Judgement, sent_at: float, now: float, latency_ms: float
    ) -> None:
        before, job.unsent = job.history, 0
        token = answer.token if isinstance(answer, Reply) else 0
        if judgement.kind is not Kind.SUCCEEDED:  # the end: nothing depends on its history any more
            job.history = before.after(judgement, now - self._drift.gained_seconds, token)
        outcome = self._outcome(judgement, before, job)
        self._pen.record(_record(job, answer, judgement, outcome, before, int(sent_at * 1e6), now, latency_ms))
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
            self._note("settled", _about(job, judgement) | {"state": outcome.state.value})
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
            task = asyncio.create_task(self._release(job.request.following))
            self._outstanding += 1  # keeps the run open until it is loaded
            task.add_done_callback(self._released)

    async def _release(self, number: int) -> None:
        request = await self._pen.call(self._journal.request, number)
        if request is not None:
            self._backlog.push(Job(request))

    def _released(self, task: asyncio.Task[None]) -> None:
        self._outstanding -= 1
        if not task.cancelled() and (error := task.exception()) is not None:
            self.stop(Ending(RunStatus.FAULT, ExitCode.FAULT, str(error)))
        self._wake.set()

    def _again(self, job: Job, judgement: Judgement, before: History) -> None:
        self._tally.retries += judgement.reason is not Reason.FOLLOWING
        delay = self._patience.delay_seconds(judgement, job.history, self._chance())
        self._note("again", _about(job, judgement) | {"attempt": before.attempts, "after_seconds": round(delay, 3)})
        self._backlog.later(job, asyncio.get_running_loop().time() + delay)
        self._wake.set()

    def _hold(self, judgement: Judgement, now: float, began: float) -> None:
        """Hold everyone as the server asked, or as the outage demands; loop times, `began` that of the sending."""
        if judgement.reason is Reason.THROTTLED and judgement.holds_everyone:
            what = "category 70" if judgement.category == "70" else "429"
            self._pace.refused(what, judgement.hold_seconds, began)
        elif judgement.holds_everyone and judgement.hold_seconds:
            self._pace.hold(judgement.hold_seconds, _why(judgement))
        elif judgement.kind is Kind.SUCCEEDED or judgement.kind is Kind.FAILED:
            self._pace.well()
        pause = self._breaker.pause_seconds(now)
        if pause is not None:
            self._pace.hold(pause, f"outage: {_why(judgement)}")
        self._pace.probe(self._breaker.outage_since is not None)

    def _expire(self, job: Job, now: float) -> bool:
        """Settle a request whose key may be forgotten by now as unknown, unsent."""
        if not window_closed(job.history, now, self._drift.lost_seconds):
            return False
        message = "in doubt, and its key is no longer safe to repeat; see `--resend-unknown`"
        outcome = Outcome(State.UNKNOWN, message=message)
        judgement = Judgement(Kind.AGAIN, Reason.SILENCE, message=message)
        record = _record(job, Silence("expired"), judgement, outcome, job.history, None, now, None)
        self._pen.record(replace(record, answers=False))
        self._settle(job, outcome, judgement)
        return True

    # -- ending -------------------------------------------------------------------------------------------------

    def _ledger_failed(self, failure: asyncio.Future[Any]) -> None:
        if not failure.cancelled():
            self.stop(Ending(RunStatus.FAULT, ExitCode.FAULT, str(failure.result())))

    async def _end(self) -> None:
        """Let what is under way finish, give the unsent back."""
        for worker in self._workers:
            if worker not in self._sending:
                worker.cancel()
        hurried = asyncio.create_task(self._hurry.wait())
        drained = asyncio.create_task(self._drained())
        await asyncio.wait({hurried, drained}, timeout=self._terms.drain_seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in (hurried, drained, *self._workers):
            task.cancel()
        ends = await asyncio.gather(hurried, drained, *self._workers, return_exceptions=True)
        with contextlib.suppress(LedgerError):  # `run` flushes once more
            await self._pen.flush()  # what is being claimed arrives, and is given back
        while self._queue:
            self._give_back(self._queue.popleft())
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _drained(self) -> None:
        while self._sending:
            await asyncio.wait(set(self._sending), return_when=asyncio.FIRST_COMPLETED)

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        if not worker.cancelled() and worker.exception() is not None:
            self.stop(Ending(RunStatus.FAULT, ExitCode.FAULT, repr(worker.exception())))


def _why(judgement: Judgement) -> str:
    """Why everyone pauses: in the server's words, if it has any."""
    return (judgement.message or judgement.reason.value)[:MOST_TOLD]


def _about(job: Job, judgement: Judgement) -> dict[str, Any]:
    facts = {
        "row": job.request.number,
        "operation": job.request.operation,
        "reason": judgement.reason.value,
        "code": judgement.code,
        "message": judgement.message,
    }
    return {name: value for name, value in facts.items() if value is not None}
