"""The facts of a run as rows of its ledger."""

from __future__ import annotations

import msgspec
import pytest

from runner.domain.run_status import RunStatus
from runner.ledger.facts import (
    Breach,
    CanaryPending,
    Carried,
    Facts,
    Start,
    StartOptions,
    decoded,
    encoded,
    encoded_changes,
)

FACTS = Facts(
    run_id="r",
    status=RunStatus.PAUSED,
    inputs={"files": ["a.csv"], "re_migrate": True},
    entity_ids=("e1",),
    carried=Carried(source="earlier", rows=3),
    canary_pending=CanaryPending(step=1, requests=5),
    starts=(Start(at="2027-01-15T08:00:00Z", options=StartOptions(canary=5)),),
    breaches=(Breach(at="2027-01-15T09:00:00Z", check="files", details=("report.html: changed",)),),
)


def test_they_come_back_as_they_were():
    """Those at their default take no row, so that an older ledger means the same."""
    rows = encoded(FACTS)
    assert decoded(rows) == FACTS
    assert "exit_code" not in rows and "sheets" not in rows
    assert '"from":"earlier"' in rows["carried"]


def test_facts_of_a_later_version_are_passed_over():
    """A ledger that a later version wrote can still be read."""
    assert decoded(encoded(FACTS) | {"mood": '"good"'}) == FACTS


def test_a_fact_of_another_type_is_not_written():
    """A mistake of the program is noticed before it is on disk."""
    with pytest.raises(TypeError, match="exit_code"):
        encoded_changes({"exit_code": "three"})
    with pytest.raises(msgspec.ValidationError):
        decoded(encoded(FACTS) | {"status": '"asleep"'})
