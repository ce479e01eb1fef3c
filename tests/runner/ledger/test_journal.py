"""The ledger: durable, refused when it is not ours, and equal to a model in plain Python whatever happens."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from runner.domain.errors import LedgerFull, LedgerUnusable
from runner.domain.model import Outcome, State
from runner.ledger import Claim, Enrolment, Journal, Record, open_writable, queries
from runner.ledger.hash_chain import chain
from tests.harness.virtual import enrolled

OUTCOMES = {
    "succeeded": Outcome(State.SUCCEEDED, ("id",)),
    "failed": Outcome(State.FAILED, (), "53100340", "40", "gone"),
    "unknown": Outcome(State.UNKNOWN),
}


def record(claim: Claim, outcome: str | None = None, *, over: bool = False, in_doubt: bool = False) -> Record:
    return Record(
        request=claim.request,
        number=claim.number,
        sent_at=claim.claimed_at,
        answered_at=claim.claimed_at + 1,
        reason="done" if outcome else "saved-failure" if over else "silence",
        in_doubt=in_doubt,
        over=over,
        generation=claim.generation + over,
        outcome=OUTCOMES[outcome] if outcome else None,
        attempt_generation=claim.generation,
        first_sent_at=claim.claimed_at,
        latency_ms=1.5,
    )


class LedgerMachine(RuleBasedStateMachine):
    """Claims, records, crashes and re-openings in any order; the model knows what must be there."""

    requests = 6

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = enrolled(self.folder / "ledger.db", self.requests)
        self.clock = 1_800_000_000_000_000
        self.state = dict.fromkeys(range(1, self.requests + 1), "pending")
        self.generation = dict.fromkeys(self.state, 0)
        self.attempts: dict[int, list[str]] = {number: [] for number in self.state}  # claimed, answered, doubt
        self.generations: dict[int, list[int]] = {number: [] for number in self.state}
        self.outcomes = 0
        self.open_claims: dict[int, Claim] = {}
        self._open()

    def _open(self) -> None:
        self.store = open_writable(self.path)
        self.journal = Journal(self.store)

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def _claimable(self) -> list[int]:
        return [n for n, state in self.state.items() if state == "pending" and n not in self.open_claims]

    @precondition(lambda self: self._claimable())
    @rule(data=st.data())
    def claim(self, data):
        chosen = data.draw(st.lists(st.sampled_from(self._claimable()), min_size=1, unique=True))
        self.clock += 1000
        claims = [Claim(n, len(self.attempts[n]) + 1, self.generation[n], self.clock) for n in chosen]
        self.journal.write([], claims)
        for claim in claims:
            self.open_claims[claim.request] = claim
            self.attempts[claim.request].append("claimed")
            self.generations[claim.request].append(claim.generation)

    @precondition(lambda self: self.open_claims)
    @rule(data=st.data())
    def answer(self, data):
        chosen = data.draw(st.lists(st.sampled_from(sorted(self.open_claims)), min_size=1, unique=True))
        records = []
        for number in chosen:
            claim = self.open_claims.pop(number)
            what = data.draw(st.sampled_from(["succeeded", "failed", "unknown", "over", "doubt"]))
            outcome = what if what in OUTCOMES else None
            records.append(record(claim, outcome, over=what == "over", in_doubt=what in ("doubt", "unknown")))
            self.attempts[number][-1] = "doubt" if what in ("doubt", "unknown") else "answered"
            self.generation[number] += what == "over"
            self.outcomes += outcome is not None
            self.state[number] = outcome or "pending"
        self.journal.write(records, [])

    @precondition(lambda self: self.open_claims)
    @rule(data=st.data())
    def give_back(self, data):
        number = data.draw(st.sampled_from(sorted(self.open_claims)))
        self.journal.write([], [], [self.open_claims.pop(number)])
        self.attempts[number].pop()
        self.generations[number].pop()

    @precondition(lambda self: "unknown" in self.state.values())
    @rule()
    def ask_again(self):
        again = [n for n, state in self.state.items() if state == "unknown"]
        self.journal.reopen([(n, self.generation[n]) for n in again])
        self.state.update(dict.fromkeys(again, "pending"))

    @rule()
    def crash(self):
        """The process dies: what was committed is there, open claims are in doubt."""
        copy = self.folder / "crashed"
        copy.mkdir()
        for file in self.folder.glob("ledger.db*"):
            shutil.copy(file, copy / file.name)
        self.store.close()
        for file in self.folder.glob("ledger.db*"):
            file.unlink()
        for file in copy.iterdir():
            file.rename(self.folder / file.name)
        copy.rmdir()
        self.open_claims.clear()
        self._open()

    @invariant()
    def states_are_the_models(self):
        rows = self.store.rows("SELECT request, state, generation FROM request")
        assert {n: (state, generation) for n, state, generation in rows} == {
            n: (self.state[n], self.generation[n]) for n in self.state
        }

    @invariant()
    def what_is_left_is_the_models(self):
        fresh = [request.number for request in self.journal.fresh(1, 0, 100)]
        begun = {b.request.number: b.history for b in self.journal.begun(1)}
        pending = {n for n, state in self.state.items() if state == "pending"}
        assert set(fresh) == {n for n in pending if not self.attempts[n]}
        assert set(begun) == {n for n in pending if self.attempts[n]}
        for number, history in begun.items():
            mine = [
                how
                for how, generation in zip(self.attempts[number], self.generations[number], strict=True)
                if generation == self.generation[number]
            ]
            assert history.attempts == len(self.attempts[number])
            assert history.generation == self.generation[number]
            assert history.doubts == sum(how in ("claimed", "doubt") for how in mine)
            assert (history.claimed_at is None) == (not mine)

    @invariant()
    def the_chain_holds(self):
        links = list(chain(self.store))
        assert len(links) == self.outcomes
        assert all(stored == due for _, stored, due in links)

    @invariant()
    def the_balance_adds_up(self):
        counts = queries.counts(self.store)[1]
        assert sum(counts.values()) == self.requests


LedgerMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
TestLedgerMachine = LedgerMachine.TestCase


def test_a_crash_during_enrolment_leaves_no_ledger(tmp_path):
    """All of it or nothing."""
    with pytest.raises(RuntimeError), Enrolment(tmp_path / "ledger.db") as enrolment:
        enrolment.step(1, "regenerate", {})
        raise RuntimeError("crash")
    assert list(tmp_path.iterdir()) == []


def test_a_draft_left_by_a_crash_is_replaced(tmp_path):
    """The next plan starts afresh."""
    for name in ("ledger.db.new", ".ledger.db.0123456789abcdef.new"):
        (tmp_path / name).write_bytes(b"half")
    enrolled(tmp_path / "ledger.db", 2)
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]
    assert stat.S_IMODE((tmp_path / "ledger.db").stat().st_mode) == 0o600


def test_every_commit_is_on_disk_before_it_counts(tmp_path):
    """WAL with synchronous=FULL: power loss takes nothing that was claimed."""
    with open_writable(enrolled(tmp_path / "ledger.db", 1)) as store:
        assert store.row("PRAGMA synchronous") == (2,)
        assert store.row("PRAGMA journal_mode") == ("wal",)


def test_a_full_disk_is_reported_and_nothing_half_is_left(tmp_path):
    """The transaction that does not fit leaves the ledger as it was."""
    with open_writable(enrolled(tmp_path / "ledger.db", 2000)) as store:
        (pages,) = store.row("PRAGMA page_count")
        store.connection.execute(f"PRAGMA max_page_count = {pages}")
        journal = Journal(store)
        with pytest.raises(LedgerFull, match="make room"):
            journal.write([], [Claim(n, 1, 0, 1) for n in range(1, 2001)])
        assert store.row("SELECT count(*) FROM attempt") == (0,)
        store.connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
        journal.write([], [Claim(1, 1, 0, 1)])


def test_the_chain_goes_on_after_a_failed_write(tmp_path):
    """The head moves only with a commit."""
    with open_writable(enrolled(tmp_path / "ledger.db", 3)) as store:
        journal = Journal(store)
        claims = [Claim(n, 1, 0, 5) for n in (1, 2)]
        journal.write([], claims)
        head = journal.head
        store.connection.execute(
            "CREATE TEMP TRIGGER broken BEFORE INSERT ON outcome BEGIN SELECT RAISE(ABORT, 'outcome'); END"
        )
        with pytest.raises(Exception, match="outcome"):
            journal.write([record(claims[0], "succeeded")], [])
        assert journal.head == head
        store.connection.execute("DROP TRIGGER broken")
        journal.write([record(claim, "succeeded") for claim in claims], [])
        assert [stored == due for _, stored, due in chain(store)] == [True, True]


def test_a_folder_that_cannot_be_written_is_reported(tmp_path):
    """Read-only to this user; root may write everywhere, and is spared."""
    path = enrolled(tmp_path / "ledger.db", 1)
    if os.name != "posix" or os.geteuid() == 0:
        pytest.skip("this user may write everywhere")
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LedgerUnusable, match="writable"):
            open_writable(path)
    finally:
        tmp_path.chmod(0o700)
