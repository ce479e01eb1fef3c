"""The way of an answer from the socket to the ledger."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import get_args, get_type_hints

import pytest

from runner.dispatch.records import attempt_record
from runner.dispatch.retry_policy import exhausted, settled
from runner.dispatch.sender import Sender
from runner.domain.model import Answer, Judgement, Outcome, Reply, Seen, Silence
from runner.ledger import Record
from runner.session.senders import DirectSender, JobSender


def returned(function) -> object:
    return get_type_hints(function)["return"]


@pytest.mark.parametrize("sender", [Sender, DirectSender, JobSender])
def test_every_sender_answers_and_judges(sender):
    """Dispatch knows nothing else of the API."""
    assert returned(sender.send) == Awaitable[Answer]
    assert returned(sender.judge) is Judgement


def test_an_answer_has_four_shapes():
    """What came, what it means, the fate of the request, the ledger's record: no other lies between them."""
    assert set(get_args(Answer)) == {Reply, Silence, Seen}
    assert {returned(settled), returned(exhausted)} == {Outcome}
    hints = get_type_hints(attempt_record)
    assert (hints["answer"], hints["judgement"], hints["return"]) == (Answer, Judgement, Record)
