"""The table of run statuses: each property answers one question for all of them."""

from __future__ import annotations

import pytest

from runner.domain.run_status import RunStatus

TABLE = {  # resumable, over, needs a person, may be unfinished, ended, has results
    "planned": (False, False, False, True, False, False),
    "refused": (False, False, False, False, False, True),
    "running": (True, False, False, True, False, False),
    "paused": (True, False, False, True, True, True),
    "interrupted": (True, False, False, True, True, True),
    "terminated": (True, False, False, True, True, True),
    "stopped": (True, False, False, True, True, True),
    "fault": (True, False, False, True, True, True),
    "halted": (False, True, True, False, True, True),
    "finished": (False, True, False, False, True, True),
    "abandoned": (False, True, False, False, True, True),
}


@pytest.mark.parametrize("status", RunStatus)
def test_every_status_answers_every_question(status):
    answers = (
        status.resumable,
        status.over,
        status.needs_person,
        status.may_be_unfinished,
        status.ended,
        status.has_results,
    )
    assert answers == TABLE[status]


def test_the_table_covers_the_words_of_run_json():
    assert set(TABLE) == {status.value for status in RunStatus}
