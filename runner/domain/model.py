"""The words of the program as values: several are made for every row, as structs cost least. Imports nothing of ours.

A *manifest* lists objects, one a row. A *request* is one POST we mean to make; two rows that ask for the same
are one request. An *attempt* is one sending of it; its *answer* is a `Reply` (the server spoke) or `Silence`
(it did not, and may still have acted). A *generation* says which key of the request an attempt used. The
*outcome* is the fate of the request.

From the socket to the ledger an answer has four shapes:

| shape | what it says | made by |
|---|---|---|
| `Answer`: `Reply`, `Silence` or `Seen` | what came back | `zuora.client`, `zuora.jobs` |
| `Judgement` | what it means, and what to do about it | `zuora.verdict` |
| `Outcome` | the fate of the request, if this settles it | `dispatch.retry_policy` |
| `Record` (of `ledger.journal`) | all of it, as the ledger keeps it | `dispatch.records` |
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace


class State(enum.StrEnum):
    """The fate of a manifest row; a request knows only the first four."""

    PENDING = "pending"  # → succeeded | failed | unknown
    SUCCEEDED = "succeeded"  # the end
    FAILED = "failed"  # the end: a new run, with the row fixed, is the way on
    UNKNOWN = "unknown"  # attempted as often as allowed, without a response; → pending by `resume`
    REJECTED = "rejected"  # the loader refused the row; never sent
    DUPLICATE = "duplicate"  # repeats another row of its step; shares that one's outcome


class RateLimits(Struct, frozen=True):
    """The tenant's windows: how many requests in so many seconds. `current` is that of the one nearest to its end."""

    current: int | None
    windows: dict[int, int]  # seconds → requests


class Limits(Struct, frozen=True):
    """What the headers of a reply say about the tenant's limits; None where they say nothing."""

    concurrency: int | None = None
    concurrency_remaining: int | None = None
    rate: RateLimits | None = None
    rate_remaining: int | None = None
    rate_reset_seconds: float | None = None


MOST_DIGITS = 15  # of a number that a server tells as text


def whole_number(text: str | None) -> int | None:
    """The number in a text of the server's; None for anything else, and for what no limit or count can be."""
    digits = (text or "").strip()
    return int(digits) if digits.isdecimal() and len(digits) <= MOST_DIGITS else None


class Reply(Struct, frozen=True):
    """The server spoke: a complete HTTP response. `body` is decompressed."""

    status: int
    body: bytes
    request_id: str | None = None  # Zuora-Request-Id
    retry_after_seconds: float | None = None
    limits: Limits | None = None
    token: int = 0  # the serial of the access token it was sent with


class Silence(Struct, frozen=True):
    """The server did not speak, or not to the end; it may still have acted, unless nothing was `sent`."""

    kind: str  # time-out, connect, reset, broken-body, oversized, foreign, token, credentials, certificate, aborted
    detail: str = ""
    sent: bool = True
    status: int | None = None  # where a status line came before it broke off
    snippet: bytes = b""
    retry_after_seconds: float | None = None


class Kind(enum.StrEnum):
    """What an answer does to its request."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"  # attempted as often as allowed, without a response
    AGAIN = "again"
    STOP = "stop"  # every row would fare alike: the run stops, the row stays pending


class Reason(enum.StrEnum):
    """Why a judgement is what it is: the lines of the verdict's table."""

    DONE = "done"
    REFUSED = "refused"  # the API refused this row
    PERMISSION = "permission"  # no permission for this object
    CLIENT_ERROR = "client-error"  # 4xx that the API itself did not explain
    SAVED_FAILURE = "saved-failure"  # the API refused for now: the next key may fare better
    THROTTLED = "throttled"
    IN_PROGRESS = "in-progress"
    GATEWAY = "gateway"
    SILENCE = "silence"
    FOLLOWING = "following"  # the work has begun and takes its time: it is looked at again
    UNEXPECTED = "unexpected"  # an answer of a shape that no operation declares: as silence
    TOKEN = "token"  # noqa: S105 - the access token was refused
    NO_TOKEN = "no-token"  # noqa: S105 - none to be had just now; nothing was sent
    CREDENTIALS = "credentials"
    ENDPOINT = "endpoint"  # wrong address, proxy or redirect
    KEY_MISMATCH = "key-mismatch"


class RowOutcome(NamedTuple):
    """The fate of one row of a part, where rows fare differently."""

    line: int
    state: State
    message: str | None = None


class Judgement(Struct, frozen=True):
    """What one answer means, as `zuora.verdict` tells it; a value, acted upon by `dispatch`."""

    kind: Kind
    reason: Reason
    ids: tuple[str, ...] = ()
    replayed: bool = False
    next_generation: bool = False  # the generation is known to be over: the next attempt takes the next key
    in_doubt: bool = False  # the work may be done, or still be going on
    known: bool = False  # what the request created is known: nothing about it is in doubt any more
    spends: bool = True  # of the request's patience
    holds_everyone: bool = False
    hold_seconds: float | None = None  # as the server demands; None: the pace decides
    objection: str | None = None  # how the server said "too much at once"
    code: str | None = None
    category: str | None = None
    message: str | None = None
    process_id: str | None = None
    reply_ids: tuple[str, ...] = ()  # all that name this reply; a later reply with one of them is this one, saved
    unexpected: bool = False  # keep the body for the person who must look
    rows: tuple[RowOutcome, ...] = ()


class Seen(Struct, frozen=True):
    """A look at what a request created, judged by whoever looked; no attempt unless it is `sent`."""

    judgement: Judgement
    status: int | None = None
    request_id: str | None = None
    sent: bool = False


Answer = Reply | Silence | Seen


class History(Struct, frozen=True):
    """What has become of a request so far: all that the verdict on its next answer depends on.

    Times are seconds since the epoch. `after` folds one attempt in; the ledger holds the attempts, so that
    the same fold gives the same history after a crash.
    """

    generation: int = 0
    attempts: int = 0
    spent: int = 0  # of patience, in this invocation
    claimed_at: float | None = None  # the first claim of this generation
    doubts: int = 0  # attempts of this generation in doubt
    doubted_at: float | None = None  # when the last attempt that may have begun work was left in doubt
    in_progress: int = 0  # 409s of this generation
    throttled: int = 0  # 429s and categories 70 of this generation
    refused_token: int | None = None  # the serial of the token that the last answer refused
    reply_ids: frozenset[str] = frozenset()

    def claim(self, now: float) -> History:
        """The history with one more attempt claimed at `now`."""
        first = now if self.claimed_at is None else self.claimed_at
        return replace(self, attempts=self.attempts + 1, claimed_at=first)

    def give_back(self, claimed_at: float) -> History:
        """The history with the last claim, that of `claimed_at`, taken back unsent."""
        first = None if self.claimed_at == claimed_at else self.claimed_at
        return replace(self, attempts=self.attempts - 1, claimed_at=first)

    def after(self, judgement: Judgement, now: float, token: int = 0) -> History:
        """The history with the last claimed attempt answered at `now` and judged."""
        spent = self.spent + judgement.spends
        if judgement.next_generation:
            return History(
                generation=self.generation + 1,
                attempts=self.attempts,
                spent=spent,
            )
        if judgement.reason is Reason.FOLLOWING:
            return replace(self, spent=spent, doubts=0, doubted_at=None)
        in_progress = judgement.reason is Reason.IN_PROGRESS
        refused = judgement.reason is Reason.TOKEN
        begun = judgement.in_doubt and not (in_progress and self.doubted_at is not None)
        return replace(
            self,
            spent=spent,
            doubts=self.doubts + judgement.in_doubt,
            doubted_at=now if begun else self.doubted_at,
            in_progress=self.in_progress + in_progress,
            throttled=self.throttled + (judgement.reason is Reason.THROTTLED),
            refused_token=(self.refused_token or token) if refused else None,
            reply_ids=self.reply_ids.union(judgement.reply_ids),
        )

    def resolved(self) -> History:
        """The history of a request whose work is known to exist: nothing is in doubt, however long ago it began."""
        return replace(self, doubts=0, doubted_at=None)

    def unanswered(self) -> History:
        """The history with a claimed attempt that has no recorded answer: it is in doubt.

        A claim may wait long for its turn, so nobody knows when it was sent: the next that is in doubt tells when.
        """
        return replace(self, doubts=self.doubts + 1, doubted_at=None)


class Request(Struct, frozen=True):
    """One POST that we mean to make, as the ledger holds it."""

    number: int  # the line that first asks for it
    step: int
    operation: str
    body: bytes | None
    query: str
    digest: str  # 40 hex characters: the identity
    lane: int  # requests with the same lane name the same object
    following: int | None  # the next request of the lane


class Outcome(Struct, frozen=True):
    """The fate of a request, as the ledger's chain records it."""

    state: State
    ids: tuple[str, ...] = ()
    code: str | None = None
    category: str | None = None
    message: str | None = None
    replayed: bool = False
    rows: tuple[RowOutcome, ...] = ()
