"""The two ways to send a step: requests that are answered at once, and those that create a job to follow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from runner.domain.model import Answer, History, Judgement, Reason, Reply, Request
from runner.ledger import Pen, Store, jobs
from runner.session.job_store import JobBook
from runner.session.judging import Verdict
from runner.zuora.client import Client
from runner.zuora.jobs.poller import Follower
from runner.zuora.jobs.state import Case, Looks
from runner.zuora.reply_ids import ReplyIds

PROGRESS_REQUESTS = 2  # a request may be in progress for as long as so many requests may take


class DirectSender:
    """Each request is answered with its outcome."""

    def __init__(self, client: Client, verdict: Verdict, request_seconds: float) -> None:
        self._client, self._verdict = client, verdict
        self._progress_seconds = PROGRESS_REQUESTS * request_seconds

    def send(self, request: Request, generation: int, attempt: int) -> Awaitable[Answer]:
        """See `dispatch.sender`."""
        return self._client.send(request, generation, attempt)

    def judge(self, answer: Answer, request: Request, history: History, now: float) -> Judgement:
        """See `dispatch.sender`."""
        judgement = self._verdict(answer, request, history, now, self._progress_seconds)
        return _watched(self._client, answer, judgement)


class JobSender:
    """Each request creates a job, which is followed until it is over.

    `show` is called with a job's name and how many of how many records are processed; `when_created` once all jobs that
    may be under way at once have been created.
    """

    def __init__(
        self,
        client: Client,
        book: JobBook,
        looks: Looks,
        request_seconds: float,
        reply_ids: ReplyIds,
        *,
        show: Callable[[str, int, int], None],
        when_created: Callable[[], None] | None,
    ) -> None:
        self._client, self._when_created = client, when_created
        self._progress_seconds = PROGRESS_REQUESTS * request_seconds
        self._to_create = 0
        self._follower = Follower(client, book, looks, show=show, created=self._count, reply_ids=reply_ids)

    async def resume(self, pen: Pen, store: Store, step: int, *, resend: bool) -> None:
        """Take up what earlier invocations created, or left in doubt."""
        first: dict[int, str | None] = {}  # of each lane: what its first request has created
        for waiting in await pen.call(jobs.unsettled, store, step):
            first.setdefault(waiting.lane, waiting.job)
            doubtful = waiting.part and waiting.doubtful
            self._follower.cases[waiting.request] = Case(waiting.job, doubtful, resend and waiting.reported)
        self._to_create = sum(name is None for name in first.values())

    @property
    def all_created(self) -> bool:
        """Whether all that may be under way at once was created by earlier invocations, and some of it still is."""
        return self._to_create == 0 and any(case.job is not None for case in self._follower.cases.values())

    def send(self, request: Request, generation: int, attempt: int) -> Awaitable[Answer]:
        """See `dispatch.sender`."""
        return self._follower.send(request, generation, attempt)

    def judge(self, answer: Answer, request: Request, history: History, now: float) -> Judgement:
        """See `dispatch.sender`."""
        judgement = self._follower.judge(answer, request, history, now, self._progress_seconds)
        return _watched(self._client, answer, judgement)

    def _count(self) -> None:
        self._to_create -= 1
        if self._to_create == 0 and self._when_created is not None:
            self._when_created()


def _watched(client: Client, answer: Answer, judgement: Judgement) -> Judgement:
    """Let the client know of a token that was refused."""
    if judgement.reason is Reason.TOKEN and isinstance(answer, Reply):
        client.auth.reject(answer.token)
    return judgement
