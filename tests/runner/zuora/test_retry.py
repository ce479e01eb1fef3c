"""What may be asked again is asked again, so often and no more."""

from __future__ import annotations

import asyncio

import pytest

from runner.domain.model import Reply, Silence
from runner.zuora.envelope import Envelope, accepted, failure
from runner.zuora.retry import retried


@pytest.mark.parametrize(("good_at", "calls"), [(1, 1), (2, 2), (3, 3), (9, 3)])
def test_until_an_answer_is_final_or_the_waits_are_spent(good_at, calls):
    """One try more than there are waits; the last answer counts."""
    waited, made = [], []

    async def attempt() -> int:
        made.append(len(made) + 1)
        return made[-1]

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    last = asyncio.run(retried(attempt, lambda answer: answer >= good_at, (0.5, 2.0), sleep))
    assert (last, len(made), waited) == (calls, calls, [0.5, 2.0][: calls - 1])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Silence("time-out", "no whole answer"), "time-out: no whole answer"),
        (Reply(502, b"<html>"), "HTTP 502"),
        (Reply(500, b'{"success": true}'), "HTTP 500"),
        (Reply(200, b'{"success": false, "reasons": [{"code": 1, "message": "no such job"}]}'), "no such job"),
        (Reply(404, b'{"message": "no such page"}'), "no such page"),
    ],
)
def test_an_answer_of_no_use_is_shown_in_its_own_words(answer, reason):
    """Jobs, templates and queries read an answer in one way."""
    assert accepted(answer) == failure(answer) == reason


def test_a_success_is_its_envelope():
    """With a status of 2xx."""
    assert isinstance(accepted(Reply(200, b'{"success": true}')), Envelope)
