"""What dispatch writes and reads: claims before sending, records after, and what is left to do.

Outcomes form a chain: each entry's hash covers its content and the hash before it, so that a changed outcome
is found against a head noted elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from runner.domain.identity import canonical
from runner.domain.model import History, Judgement, Kind, Outcome, Reason, Request, State
from runner.ledger.batch_insert import NO_ANSWER, NO_CLAIM, NO_OUTCOME, is_one, prepare, write
from runner.ledger.checkpoint import close
from runner.ledger.database import Store
from runner.ledger.hash_chain import Entry, genesis, link, rows_digest
from runner.system.recovery_points import reach

_REQUEST = "r.request, r.step, r.operation, r.body, r.query, lower(hex(r.digest)), r.lane, r.following"
_strings = msgspec.json.Decoder(list[str]).decode
_requests = msgspec.json.Decoder(list[tuple[int, int, str, str | None, str, str, int, int | None]]).decode


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


class Begun(NamedTuple):
    """A request that was attempted before, with its history."""

    request: Request
    history: History
    first_sent_at: int | None


_RETURN = "DELETE FROM attempt WHERE request = ? AND number = ? AND answered_at IS NULL"
_ROWS = "INSERT INTO row_outcome (seq, line, state, message) VALUES (?, ?, ?, ?)"
_EVENT = "INSERT INTO event (at, name, facts) VALUES (?, ?, ?)"


def _many(connection: Any, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        connection.executemany(sql, rows)


class Journal:
    """The ledger as dispatch sees it."""

    def __init__(self, store: Store, note_sends: Callable[[int, int], None] = lambda attempts, outcomes: None) -> None:
        """`note_sends` is called with the numbers of attempts and outcomes that the ledger has at least: now, after
        they grew, and before they fall."""
        self.store = store
        self._note_sends = note_sends
        prepare(store)
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
            rows = self._rows(records, claims)
            covered = [record for record in records if record.outcome and record.outcome.rows]
            alone = is_one(rows) and not (returned or events or covered)
            with self.store.statement() if alone else self.store.transaction() as connection:
                if alone:  # it is on disk as soon as it is written
                    reach("writing")
                # before the claims: one that was given back may be claimed anew by now
                _many(connection, _RETURN, [claim[:2] for claim in returned])
                write(connection, rows)
                _many(connection, _ROWS, self._covered(covered))
                _many(connection, _EVENT, events)
                if not alone:
                    reach("writing")
            self._attempts += len(claims)
            self._note_sends(self._attempts, self._seq)
            reach("written")
        except BaseException:
            self._seq, self._head = seq, head
            self._attempts += len(returned)
            raise

    def _rows(self, records: Sequence[Record], claims: Sequence[Claim]) -> list[tuple[Any, ...]]:
        """Rows of the view `writing`."""
        told = [self._told(record) for record in records]
        nothing = NO_ANSWER + NO_OUTCOME
        pairs = zip_longest(told, claims)
        return [(*(answer or nothing), *(claim or NO_CLAIM)) for answer, claim in pairs]

    def _told(self, record: Record) -> tuple[Any, ...]:
        """An answer, and the outcome that it settles, as columns of the view."""
        answer = (*_attempt_values(record), int(record.answers), record.generation)
        if record.outcome is None:
            return answer + NO_OUTCOME
        entry = self._entry(record, record.outcome)
        return (*answer, entry[0], *entry[2:9], entry[13], *entry[15:])

    def _covered(self, records: Sequence[Record]) -> list[tuple[Any, ...]]:
        """The fates of the rows of parts, each under its part's outcome: the last one."""
        found = []
        for record in records:
            row = self.store.row("SELECT outcome FROM request WHERE request = ?", record.request)
            assert row is not None and record.outcome is not None
            found += [(row[0], *fate) for fate in sorted(record.outcome.rows)]
        return found

    def _entry(self, record: Record, outcome: Outcome) -> tuple[Any, ...]:
        self._seq += 1
        fates = [(row.line, row.state.value, row.message) for row in sorted(outcome.rows)]
        entry = Entry(
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
        self._head = link(self._head, entry)
        return (*entry, self._head)

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
        """Requests never attempted that stand first in their lane, in manifest order."""
        found = self.store.row(
            f"SELECT json_group_array(json_array({_REQUEST})) FROM (SELECT * FROM request r"
            " WHERE r.request > ? AND r.step = ? AND r.state = 'pending'"
            " AND r.head AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.request = r.request)"
            " ORDER BY r.request LIMIT ?) AS r",
            after,
            step,
            limit,
        )
        return [_request(row) for row in sorted(_requests(found[0]) if found else ())]

    def released(self, step: int) -> list[Request]:
        """Requests never attempted whose forerunner in the lane is settled: at the start of an invocation."""
        rows = self.store.rows(
            f"SELECT {_REQUEST} FROM request p JOIN request r ON r.request = p.following"
            " WHERE p.following IS NOT NULL AND p.step = ? AND p.state <> 'pending' AND r.state = 'pending'"
            " AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.request = r.request)",
            step,
        )
        return [_request(row) for row in rows]

    def request(self, number: int) -> Request | None:
        """One request, if it is pending and was never attempted."""
        row = self.store.row(
            f"SELECT {_REQUEST} FROM request r WHERE r.request = ? AND r.state = 'pending'"
            " AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.request = r.request)",
            number,
        )
        return _request(row) if row else None

    def begun(self, step: int, state: State = State.PENDING) -> Iterator[Begun]:
        """Requests attempted before and now in `state`, with their histories folded from the attempts."""
        rows = self.store.rows(
            f"SELECT {_REQUEST}, r.generation, a.number, a.generation, a.claimed_at, a.sent_at, a.answered_at,"
            " a.reason, a.in_doubt, a.over, a.reply_ids, j.job FROM request r JOIN attempt a USING (request)"
            " LEFT JOIN job j ON j.job = r.request"
            " WHERE r.step = ? AND r.state = ? ORDER BY r.request, a.number",
            step,
            state.value,
        )
        group: list[tuple[Any, ...]] = []
        for row in rows:
            if group and group[0][0] != row[0]:
                yield _begun(group)
                group = []
            group.append(row)
        if group:
            yield _begun(group)


def _attempt_values(record: Record) -> tuple[Any, ...]:
    return (
        record.request,
        record.number,
        record.sent_at,
        record.answered_at,
        record.reason,
        int(record.in_doubt),
        int(record.over),
        record.http_status,
        record.code,
        record.category,
        record.message,
        record.request_id,
        record.process_id,
        canonical(record.reply_ids).decode() if record.reply_ids else None,
        record.token,
        record.snippet,
    )


def _request(row: Sequence[Any]) -> Request:
    number, step, operation, body, query, digest, lane, following = row[:8]
    encoded = None if body is None else body.encode()
    return Request(number, step, operation, encoded, query, digest, lane, following)


def _begun(rows: Sequence[Sequence[Any]]) -> Begun:
    """A request with the history that its attempts tell; patience and tokens begin anew."""
    history = History(generation=rows[0][8], attempts=rows[-1][9])
    first_sent_at = None
    for row in rows:
        generation, claimed_at, sent_at, answered_at, reason, in_doubt, over, reply_ids = row[10:18]
        first_sent_at = first_sent_at or sent_at or (claimed_at if answered_at is None else None)
        if generation == history.generation and not over:
            history = _fold(history, claimed_at, answered_at, reason, bool(in_doubt), reply_ids)
    if rows[0][18] is not None:  # what it created is known: nothing is in doubt, however long ago that was
        history = history.resolved()
    return Begun(_request(rows[0]), history, first_sent_at)


def _fold(
    history: History,
    claimed_at: int,
    answered_at: int | None,
    reason: str,
    in_doubt: bool,
    reply_ids: str | None,
) -> History:
    """The history with one attempt of the current generation folded in."""
    if history.claimed_at is None:
        history = replace(history, claimed_at=claimed_at / 1e6)
    if answered_at is None:
        return history.unanswered()
    ids = tuple(_strings(reply_ids)) if reply_ids else ()
    judgement = Judgement(Kind.AGAIN, Reason(reason), in_doubt=in_doubt, spends=False, reply_ids=ids)
    return history.after(judgement, answered_at / 1e6)
