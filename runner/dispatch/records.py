"""What is written of one attempt: its record in the ledger, and its facts in the run's log."""

from __future__ import annotations

from typing import Any

from runner.dispatch.queue import Job
from runner.domain.model import Answer, History, Judgement, Kind, Outcome, Reply, Silence
from runner.ledger import Record

LONGEST_REASON = 300  # characters of what a server says, as the reason of a pause


def attempt_record(
    job: Job,
    answer: Answer,
    judgement: Judgement,
    outcome: Outcome | None,
    before: History,
    sent_at: int | None,
    now: float,
    latency_ms: float | None,
) -> Record:
    """The ledger's record of an attempt; times in seconds since the epoch, `sent_at` in microseconds."""
    reply = answer if isinstance(answer, Reply) else None
    settled_ok = judgement.kind is Kind.SUCCEEDED
    return Record(
        request=job.request.number,
        number=before.attempts,
        sent_at=sent_at,
        answered_at=int(now * 1e6),
        reason=judgement.reason.value,
        in_doubt=judgement.in_doubt,
        over=judgement.next_generation,
        generation=job.history.generation,
        http_status=answer.status,
        code=judgement.code,
        category=judgement.category,
        message=judgement.message,
        request_id=None if isinstance(answer, Silence) else answer.request_id,
        process_id=judgement.process_id,
        reply_ids=() if settled_ok else judgement.reply_ids,
        token=reply.token if reply else None,
        snippet=_snippet(answer) if judgement.unexpected else None,
        outcome=outcome,
        attempt_generation=before.generation,
        first_sent_at=job.first_sent_at,
        latency_ms=latency_ms,
    )


def _snippet(answer: Answer) -> str:
    """The first 2 kB of an answer of unexpected shape, for the person who must look."""
    raw = answer.body if isinstance(answer, Reply) else answer.snippet if isinstance(answer, Silence) else b""
    return raw[:2048].decode("utf-8", "replace")


def pause_reason(judgement: Judgement) -> str:
    """Why everyone pauses: in the server's words, if it has any."""
    return (judgement.message or judgement.reason.value)[:LONGEST_REASON]


def described(job: Job, judgement: Judgement) -> dict[str, Any]:
    """A request and what was decided about it, as facts of the run's log."""
    facts = {
        "row": job.request.number,
        "operation": job.request.operation,
        "reason": judgement.reason.value,
        "code": judgement.code,
        "message": judgement.message,
    }
    return {name: value for name, value in facts.items() if value is not None}
