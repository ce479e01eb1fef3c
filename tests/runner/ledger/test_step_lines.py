"""What is asked of one step concerns its own lines alone."""

from __future__ import annotations

from runner.domain.run_status import RunStatus
from runner.ledger import Claim, Enrolment, Facts, Journal, Manifest, open_writable, queries
from runner.ledger.enrolment import Line, RequestRecord
from runner.ledger.step_lines import bounds, counts_of_step, waiting_after

ROWS = {1: 2, 2: 0, 4: 3}  # rows of each step; a step may have none, and numbers may be missing


def planned(path):
    """A ledger with these steps: in each, the second row was rejected."""
    line = 0
    with Enrolment(path) as enrolment:
        for step, rows in ROWS.items():
            enrolment.step(step, "regenerate", {})
            for row in range(1, rows + 1):
                line += 1
                bad = "rule: broken" if row == 2 else None
                enrolment.lines([Line(line, step, row, "[]", "op", "T", "x", None if bad else line, bad)])
                if not bad:
                    enrolment.requests([RequestRecord(line, step, "op", "", "{}", bytes([line] * 20), line)])
            enrolment.manifest(Manifest(step, step, "m", "0" * 64, 1, ()), rows)
        enrolment.finish(Facts(run_id="it", status=RunStatus.PLANNED))
    return path


def test_ranges_and_counts(tmp_path):
    """As the counts of the whole run say it."""
    with open_writable(planned(tmp_path / "ledger.db")) as store:
        assert {step: bounds(store, step) for step in (*ROWS, 9)} == {1: (1, 2), 2: (3, 2), 4: (3, 5), 9: (1, 0)}
        assert {step: counts_of_step(store, step) for step in ROWS} == queries.counts(store)


def test_whether_later_steps_wait(tmp_path):
    """They do until one of them has begun."""
    with open_writable(planned(tmp_path / "ledger.db")) as store:
        journal = Journal(store)
        journal.write([], [Claim(1, 1, 0, 5)])
        assert [waiting_after(store, step) for step in ROWS] == [True, True, False]
        journal.write([], [Claim(3, 1, 0, 6)])
        assert [waiting_after(store, step) for step in ROWS] == [False, False, False]
