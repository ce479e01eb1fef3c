"""What a person is told to type, and when it can work."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from runner.domain.run_status import RunStatus
from runner.results.next_steps import unknown_commands
from runner.runs.run_json import RunDocument, StepDocument

CLAIMED = datetime.fromisoformat("2026-11-21T08:20:00+00:00")
DOCUMENT = RunDocument(
    run="r",
    status=RunStatus.FINISHED,
    steps=(StepDocument(number=1, do="regenerate", counts={"unknown": 2}),),
    first_claimed_at=CLAIMED.isoformat(),
)


@pytest.mark.parametrize(("hours", "safe"), [(1, True), (22.9, True), (23.1, False), (300, False)])
def test_unknown_rows_under_a_key_that_has_expired(hours, safe):
    """`resume` alone would report them unknown again, for ever: the tenant is asked first."""
    typed = unknown_commands(DOCUMENT, "r", [1], CLAIMED + timedelta(hours=hours))
    if safe:
        assert [command.split("   #")[0] for command in typed] == ["regen resume r"]
    else:
        assert [command.split("   #")[0] for command in typed] == [
            "regen reconcile r --query",
            "regen resume r --resend-unknown",
        ]
