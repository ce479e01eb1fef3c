"""Questions to a ledger that several commands ask."""

from __future__ import annotations

from runner.domain.model import Outcome, State
from runner.ledger import Claim, Journal, open_writable, queries
from tests.harness.virtual import enrolled
from tests.runner.ledger.test_pending import AT, answered

FATES = {
    1: Outcome(State.SUCCEEDED, ("a", "b")),
    2: Outcome(State.FAILED, code="53100340", category="40", message="not found"),
    3: Outcome(State.UNKNOWN, message="no answer"),
}


def settled(path):
    """Four requests, the last of which was never sent."""
    with open_writable(enrolled(path, 4)) as store:
        journal = Journal(store)
        journal.write([], [Claim(request, 1, 0, AT) for request in FATES])
        unknown = State.UNKNOWN
        journal.write([answered(row, 1, fate, in_doubt=fate.state is unknown) for row, fate in FATES.items()], [])
        store.settle_down()
    return path


def test_every_row_is_counted_once(tmp_path):
    """By its state, and by what is left."""
    with open_writable(settled(tmp_path / "ledger.db")) as store:
        counts = {state: count for state, count in queries.counts(store)[1].items() if count}
        assert counts == {"succeeded": 1, "failed": 1, "unknown": 1, "pending": 1}
        assert (queries.pending(store), queries.begun(store)) == (1, True)
        assert queries.sendings(store)[0] == 3
        assert [(line.line, line.state) for line in queries.lines(store)] == [
            (1, "succeeded"),
            (2, "failed"),
            (3, "unknown"),
            (4, "pending"),
        ]


def test_what_needs_a_person(tmp_path):
    """Failed and unknown rows, with the tenant's words; what is pending needs none."""
    with open_writable(settled(tmp_path / "ledger.db")) as store:
        troubles = list(queries.troubles(store))
        assert [(trouble.state, trouble.category, trouble.message) for trouble in troubles] == [
            ("failed", "40", "not found"),
            ("unknown", None, "no answer"),
        ]
        assert len(queries.lanes_in_doubt(store)) == 1


def test_a_digest_names_its_row(tmp_path):
    """As people copy it from a key; one that nobody has names none."""
    with open_writable(settled(tmp_path / "ledger.db")) as store:
        digests = {line.line: line.digest for line in queries.lines(store)}
        assert all(queries.row_of_digest(store, digest) == line for line, digest in digests.items() if digest)
        assert queries.row_of_digest(store, "0" * 40) is None
