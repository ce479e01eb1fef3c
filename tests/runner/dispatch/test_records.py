"""What is written of one attempt."""

from __future__ import annotations

import pytest

from runner.dispatch.queue import Job
from runner.dispatch.records import LONGEST_REASON, attempt_record, pause_reason
from runner.domain.model import Answer, History, Judgement, Kind, Outcome, Reason, Reply, Request, Silence, State

REQUEST = Request(7, 1, "booking-transaction", b"{}", "", "ab" * 20, 1, None)
BEFORE = History(generation=2, attempts=3)


def record(answer: Answer, judgement: Judgement, outcome: Outcome | None = None):
    return attempt_record(Job(REQUEST, BEFORE), answer, judgement, outcome, BEFORE, 5, 2.5, 12.0)


def test_it_has_the_attempt_and_its_fate():
    """Times in microseconds; the generation is the one under which it was sent."""
    reply = Reply(200, b"{}", request_id="R", token=4)
    written = record(reply, Judgement(Kind.SUCCEEDED, Reason.DONE, reply_ids=("R",)), Outcome(State.SUCCEEDED, ("id",)))
    assert (written.request, written.number, written.attempt_generation) == (7, 3, 2)
    assert (written.sent_at, written.answered_at, written.latency_ms) == (5, 2_500_000, 12.0)
    assert (written.http_status, written.request_id, written.token) == (200, "R", 4)
    assert written.outcome == Outcome(State.SUCCEEDED, ("id",))
    assert written.reply_ids == ()  # nothing will be compared with it any more


@pytest.mark.parametrize(
    ("answer", "snippet"),
    [
        (Reply(200, b"\xff<html>" + b"x" * 5000), "\ufffd<html>" + "x" * 2041),
        (Silence("broken-body", snippet=b"{half"), "{half"),
        (Silence("reset"), ""),
    ],
)
def test_the_body_is_kept_where_a_person_must_look(answer, snippet):
    """Its first 2 kB, as text whatever its bytes; else not a byte of it."""
    assert record(answer, Judgement(Kind.AGAIN, Reason.UNEXPECTED, unexpected=True)).snippet == snippet
    assert record(answer, Judgement(Kind.AGAIN, Reason.SILENCE)).snippet is None


def test_a_pause_has_a_reason_of_bounded_length():
    """In the server's words where it has any."""
    assert pause_reason(Judgement(Kind.AGAIN, Reason.THROTTLED, message="slow down")) == "slow down"
    assert pause_reason(Judgement(Kind.AGAIN, Reason.THROTTLED)) == Reason.THROTTLED.value
    assert len(pause_reason(Judgement(Kind.AGAIN, Reason.GATEWAY, message="x" * 9999))) == LONGEST_REASON
