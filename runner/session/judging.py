"""The verdict of one invocation: `zuora.verdict` with what is known of the whole run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from runner.domain.model import Answer, History, Judgement, Kind, Reason, Reply, Request
from runner.ledger import Store, queries
from runner.zuora.client import Client
from runner.zuora.operations import OPERATIONS
from runner.zuora.reply_ids import ReplyIds
from runner.zuora.verdict import verdict


class Verdict:
    """The verdict on requests without a tail, with what is known of the whole run: ids of replies, any success."""

    def __init__(self, *, proven: bool) -> None:
        self.proven = proven
        self._reply_ids = ReplyIds()

    def __call__(
        self, answer: Answer, request: Request, history: History, now: float, progress_seconds: float
    ) -> Judgement:
        judgement = verdict(
            answer,
            history,
            OPERATIONS[request.operation],
            now=now,
            progress_seconds=progress_seconds,
            is_shared=partial(self._reply_ids.is_shared, request=request.number),
            proven=self.proven,
        )
        self.proven = self.proven or judgement.kind is Kind.SUCCEEDED
        self._reply_ids.note(request.number, judgement.reply_ids)
        return judgement


def has_succeeded(store: Store) -> bool:
    """Whether a request of the run ever succeeded: then address, credentials and permission are right."""
    return any(step.get("succeeded") for step in queries.counts(store).values())


def judge_with(
    client: Client,
    request_seconds: float,
    judged: Callable[[Answer, Request, History, float, float], Judgement],
) -> Callable[[Answer, Request, History, float], Judgement]:
    """The verdict, which also lets the client know of a token that was refused."""

    def judge(answer: Answer, request: Request, history: History, now: float) -> Judgement:
        judgement = judged(answer, request, history, now, 2 * request_seconds)
        if judgement.reason is Reason.TOKEN and isinstance(answer, Reply):
            client.auth.reject(answer.token)
        return judgement

    return judge
