"""The verdict of one invocation: `zuora.verdict` with what is known of the whole run."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from runner.domain.model import Answer, History, Judgement, Kind, Request
from runner.ledger import Store, queries
from runner.zuora.operations import OPERATIONS
from runner.zuora.reply_ids import ReplyIds
from runner.zuora.verdict import verdict


class Verdict:
    """The verdict on requests without a tail, with what is known of the whole run: ids of replies, any success.

    `seen` are ids that replies had in earlier invocations, each with the number of its request.
    """

    def __init__(self, *, proven: bool, seen: Iterable[tuple[int, str]] = ()) -> None:
        self.proven = proven
        self.reply_ids = ReplyIds()
        for request, reply_id in seen:
            self.reply_ids.note(request, (reply_id,))

    def __call__(
        self, answer: Answer, request: Request, history: History, now: float, progress_seconds: float
    ) -> Judgement:
        judgement = verdict(
            answer,
            history,
            OPERATIONS[request.operation],
            now=now,
            progress_seconds=progress_seconds,
            is_shared=partial(self.reply_ids.is_shared, request=request.number),
            proven=self.proven,
        )
        self.proven = self.proven or judgement.kind is Kind.SUCCEEDED
        self.reply_ids.note(request.number, judgement.reply_ids)
        return judgement


def has_succeeded(store: Store) -> bool:
    """Whether a request of the run ever succeeded: then address, credentials and permission are right."""
    return any(step.get("succeeded") for step in queries.counts(store).values())
