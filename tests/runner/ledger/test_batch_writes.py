"""The statements of the writer's transactions: every row of any batch, and one statement for each kind of change."""

from __future__ import annotations

import pytest

from runner.domain.model import Outcome, State
from runner.ledger import Claim, Journal, Record, open_writable
from tests.harness.virtual import enrolled

DONE = Outcome(State.SUCCEEDED, ("id",))


def record(claim: Claim, outcome: Outcome | None = DONE) -> Record:
    return Record(
        request=claim.request,
        number=claim.number,
        sent_at=claim.claimed_at,
        answered_at=claim.claimed_at + 1,
        reason="done",
        in_doubt=False,
        over=False,
        generation=claim.generation,
        outcome=outcome,
        attempt_generation=claim.generation,
        first_sent_at=claim.claimed_at,
        latency_ms=0.1 + claim.request / 7,
    )


@pytest.mark.parametrize("rows", [1, 8, 9, 255, 256, 257, 600])
def test_every_row_is_written_whatever_the_size_of_the_batch(tmp_path, rows):
    """What fills a statement up leaves nothing behind; outcomes are in the order of their responses."""
    with open_writable(enrolled(tmp_path / "ledger.db", rows + 1)) as store:
        journal = Journal(store)
        claims = [Claim(number, 1, 0, 1_000 + number) for number in range(1, rows + 1)]
        journal.write([], claims)
        journal.write([record(claim) for claim in reversed(claims)], [])
        attempts = list(store.rows("SELECT request, claimed_at, answered_at, reason, snippet FROM attempt"))
        assert attempts == [(n, 1_000 + n, 1_001 + n, "done", None) for n in range(1, rows + 1)]
        outcomes = list(store.rows("SELECT seq, request, latency_ms FROM outcome ORDER BY seq"))
        assert outcomes == [(at, n, 0.1 + n / 7) for at, n in enumerate(range(rows, 0, -1), 1)]
        settled = list(store.rows("SELECT request, state, outcome FROM request ORDER BY request"))
        assert settled == [*((n, "succeeded", rows + 1 - n) for n in range(1, rows + 1)), (rows + 1, "pending", None)]


def test_a_batch_is_one_statement_for_each_kind_of_change(tmp_path):
    """However many rows it has: each statement waits for the interpreter lock."""
    with open_writable(enrolled(tmp_path / "ledger.db", 80)) as store:
        journal = Journal(store)
        claims = [Claim(number, 1, 0, 1_000) for number in range(1, 81)]
        journal.write([], claims[:40])
        statements: list[str] = []
        store.connection.set_trace_callback(lambda sql: statements.append(sql.split()[0]))
        journal.write([record(claim) for claim in claims[:40]], claims[40:])
        assert statements == ["BEGIN", "WITH", "INSERT", "UPDATE", "INSERT", "COMMIT"]


def test_a_response_that_settles_nothing_leaves_its_request_as_it_is(tmp_path):
    """Beside one that does."""
    with open_writable(enrolled(tmp_path / "ledger.db", 2)) as store:
        journal = Journal(store)
        claims = [Claim(1, 1, 0, 1_000), Claim(2, 1, 0, 1_000)]
        journal.write([], claims)
        journal.write([record(claims[0], None), record(claims[1])], [])
        assert [*store.rows("SELECT state, outcome FROM request")] == [("pending", None), ("succeeded", 1)]
