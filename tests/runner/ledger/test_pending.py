"""What of a step is still to be sent."""

from __future__ import annotations

from runner.domain.model import Outcome, State
from runner.ledger import Claim, Journal, Record, open_writable
from runner.ledger.pending import begun, fresh, released, unattempted
from tests.harness.virtual import enrolled

AT = 1_800_000_000_000_000


def answered(request: int, number: int, outcome: Outcome | None, *, in_doubt: bool = False) -> Record:
    """An answer one second after its claim."""
    reason = "done" if outcome is not None else "silence"
    return Record(request, number, AT, AT + 1_000_000, reason, in_doubt, False, 0, 200, outcome=outcome)


def test_one_of_each_lane_at_a_time(tmp_path):
    """Requests about one object wait for each other, also when the first of them is settled."""
    path = enrolled(tmp_path / "ledger.db", 6, lanes=lambda number: str(number % 3))  # 1 and 4, 2 and 5, 3 and 6
    with open_writable(path) as store:
        journal = Journal(store)
        assert [request.number for request in fresh(store, 1, 0, 10)] == [1, 2, 3]
        assert [request.number for request in fresh(store, 1, 1, 1)] == [2]
        assert fresh(store, 2, 0, 10) == []
        assert [request.following for request in fresh(store, 1, 0, 10)] == [4, 5, 6]
        journal.write([], [Claim(1, 1, 0, AT)])
        journal.write([answered(1, 1, Outcome(State.SUCCEEDED, ("id",)))], [])
        assert [request.number for request in released(store, 1)] == [4]
        four = unattempted(store, 4)
        assert four is not None and four.following is None
        assert unattempted(store, 1) is None


def test_a_history_is_folded_from_the_attempts(tmp_path):
    """A claim without an answer is in doubt, and so is an answer that says nothing."""
    with open_writable(enrolled(tmp_path / "ledger.db", 3)) as store:
        journal = Journal(store)
        journal.write([], [Claim(1, 1, 0, AT), Claim(2, 1, 0, AT)])
        journal.write([answered(1, 1, None, in_doubt=True)], [Claim(1, 2, 0, AT + 2_000_000)])
        first, second = begun(store, 1, State.PENDING)
        assert (first.request.number, first.history.attempts, first.history.doubts) == (1, 2, 2)
        assert first.history.claimed_at == AT / 1e6
        assert (second.request.number, second.history.attempts, second.history.doubts) == (2, 1, 1)
        assert [request.number for request in fresh(store, 1, 0, 10)] == [3]
        journal.write([answered(2, 1, Outcome(State.FAILED, message="no"))], [])
        assert [one.request.number for one in begun(store, 1, State.FAILED)] == [2]
