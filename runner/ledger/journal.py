"""What dispatch writes and reads: claims before sending, records after, and what is left to do.

Outcomes form a chain: each entry's hash covers its content and the hash before it, so that a changed outcome
is detected against a head noted elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from sqlite3 import Connection
from typing import Any, NamedTuple

import msgspec

from runner.domain.identity import canonical
from runner.domain.model import Outcome, Request, State
from runner.ledger import pending
from runner.ledger.batch_writes import ANSWER, CLAIM, OUTCOME, AnswerColumns, write
from runner.ledger.checkpoint import close
from runner.ledger.database import Store
from runner.ledger.hash_chain import Entry, genesis, link, rows_digest
from runner.ledger.pending import Begun
from runner.system.recovery_points import reach


class Claim(NamedTuple):
    """The intent to send: committed before it is done."""

    request: int
    number: int
    generation: int
    claimed_at: int


class Event(NamedTuple):
    """A pause, a change of pace, a stop: what happened to the run as a whole."""

    at: int
    name: str
    facts: str  # JSON object


class Record(msgspec.Struct, frozen=True):
    """What became of one attempt, and of its request if that settled it. Times in microseconds."""

    request: int
    number: int
    sent_at: int | None
    answered_at: int
    reason: str
    in_doubt: bool
    over: bool
    generation: int  # the request's, from now on
    http_status: int | None = None
    code: str | None = None
    category: str | None = None
    message: str | None = None
    request_id: str | None = None
    process_id: str | None = None
    reply_ids: tuple[str, ...] = ()
    token: int | None = None
    snippet: str | None = None
    outcome: Outcome | None = None
    attempt_generation: int = 0
    first_sent_at: int | None = None
    latency_ms: float | None = None
    answers: bool = True  # False: an outcome without a new attempt


_RETURN = "DELETE FROM attempt WHERE request = ? AND number = ? AND answered_at IS NULL"
_GENERATION = "UPDATE request SET generation = ? WHERE request = ?"
_SETTLE = (
    "UPDATE request SET state = o.state, outcome = seq FROM outcome o WHERE seq > ? AND o.request = request.request"
)
_ROWS = "INSERT INTO row_outcome (seq, line, state, message) VALUES (?, ?, ?, ?)"
_EVENT = "INSERT INTO event (at, name, facts) VALUES (?, ?, ?)"


class Journal:
    """The ledger as dispatch sees it."""

    def __init__(self, store: Store, note_sends: Callable[[int, int], None] = lambda attempts, outcomes: None) -> None:
        """`note_sends` is called with the numbers of attempts and outcomes that the ledger has at least: now, after
        they grew, and before they fall."""
        self.store = store
        self._note_sends = note_sends
        row = store.row("SELECT count(*) FROM attempt")
        self._attempts: int = row[0] if row else 0
        last = store.row("SELECT seq, hash FROM outcome ORDER BY seq DESC LIMIT 1")
        self._seq: int
        self._head: str
        self._seq, self._head = last or (0, genesis(store.facts()))
        note_sends(self._attempts, self._seq)
        self._keys_were_used = store.facts().keys_used_before is not None

    @property
    def head(self) -> str:
        """The head of the chain of outcomes, hexadecimal."""
        return self._head

    def close(self, at: int, **changes: Any) -> str:
        """Close the ledger of a run that ends here, with the facts that say how. Returns its head, hexadecimal."""
        return close(self.store, at, self._seq, self._head, changes)

    # -- what dispatch writes -------------------------------------------------------------------------------

    def write(
        self,
        records: Sequence[Record],
        claims: Sequence[Claim],
        returned: Sequence[Claim] = (),
        events: Sequence[Event] = (),
    ) -> None:
        """Records, then claims given back unsent, then claims, then events: one transaction."""
        seq, head = self._seq, self._head
        if returned:
            self._attempts -= len(returned)
            self._note_sends(self._attempts, seq)
        try:
            with self.store.transaction() as connection:
                # before the claims: one that was given back may be claimed anew by now
                connection.executemany(_RETURN, [(claim.request, claim.number) for claim in returned])
                self._write_records(connection, records)
                write(connection, CLAIM, claims)
                connection.executemany(_EVENT, [(event.at, event.name, event.facts) for event in events])
                reach("writing")
            self._attempts += len(claims)
            self._note_sends(self._attempts, self._seq)
            reach("written")
        except BaseException:
            self._seq, self._head = seq, head
            self._attempts += len(returned)
            raise

    def _write_records(self, connection: Connection, records: Sequence[Record]) -> None:
        """Attempts as they were answered, and the outcomes that settle their requests, appended to the chain."""
        write(connection, ANSWER, [_answer(record) for record in records if record.answers])
        connection.executemany(_GENERATION, [(record.generation, record.request) for record in records if record.over])
        settling = [record for record in records if record.outcome]
        if settling:
            before = self._seq
            write(connection, OUTCOME, [self._outcome(record) for record in settling])
            connection.execute(_SETTLE, (before,))
            connection.executemany(_ROWS, _fates(before, settling))

    def _outcome(self, record: Record) -> tuple[Any, ...]:
        """The outcome that a response settles, as a row of the table: the chain's next entry and its hash."""
        entry = self._entry(record)
        self._head = link(self._head, entry)
        return (*entry, self._head)

    def _entry(self, record: Record) -> Entry:
        outcome = record.outcome
        assert outcome is not None
        self._seq += 1
        fates = [(row.line, row.state.value, row.message) for row in sorted(outcome.rows)]
        return Entry(
            seq=self._seq,
            request=record.request,
            state=outcome.state.value,
            ids=canonical(outcome.ids).decode(),
            code=outcome.code,
            category=outcome.category,
            message=outcome.message,
            replayed=int(outcome.replayed or (self._keys_were_used and outcome.state is State.SUCCEEDED)),
            generation=record.attempt_generation,
            attempts=record.number,
            http_status=record.http_status,
            request_id=record.request_id,
            process_id=record.process_id,
            first_sent_at=record.first_sent_at,
            settled_at=record.answered_at,
            latency_ms=record.latency_ms,
            rows=rows_digest(fates),
        )

    def reopen(self, requests: Iterable[tuple[int, int]]) -> None:
        """Make unknown requests pending again, or pending ones go on: (request, generation to ask with)."""
        with self.store.transaction() as connection:
            connection.executemany(
                "UPDATE request SET state = 'pending', generation = ? WHERE request = ?"
                " AND state IN ('unknown', 'pending')",
                [(generation, request) for request, generation in requests],
            )

    # -- what is left to do ---------------------------------------------------------------------------------

    def fresh(self, step: int, after: int, limit: int) -> list[Request]:
        """Requests never attempted that are first in their lane, in manifest order."""
        return pending.fresh(self.store, step, after, limit)

    def released(self, step: int) -> list[Request]:
        """Requests never attempted whose forerunner in the lane is settled: at the start of an invocation."""
        return pending.released(self.store, step)

    def request(self, number: int) -> Request | None:
        """One request, if it is pending and was never attempted."""
        return pending.unattempted(self.store, number)

    def begun(self, step: int, state: State = State.PENDING) -> Iterator[Begun]:
        """Requests attempted before and now in `state`, with their histories folded from the attempts."""
        return pending.begun(self.store, step, state)


def _answer(record: Record) -> AnswerColumns:
    """A response as columns of its attempt."""
    return AnswerColumns(
        request=record.request,
        number=record.number,
        sent_at=record.sent_at,
        answered_at=record.answered_at,
        reason=record.reason,
        in_doubt=int(record.in_doubt),
        over=int(record.over),
        http_status=record.http_status,
        code=record.code,
        category=record.category,
        message=record.message,
        request_id=record.request_id,
        process_id=record.process_id,
        reply_ids=canonical(record.reply_ids).decode() if record.reply_ids else None,
        token=record.token,
        snippet=record.snippet,
    )


def _fates(before: int, settling: Sequence[Record]) -> Iterator[tuple[Any, ...]]:
    """The fates of the rows of parts, each under its part's outcome; the first outcome follows `before`."""
    for seq, record in enumerate(settling, before + 1):
        for fate in sorted(record.outcome.rows if record.outcome else ()):
            yield seq, fate.line, fate.state.value, fate.message
