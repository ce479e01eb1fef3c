"""What an answer does to its request: one pure function, a table.

The rule behind it: the next key is taken only when the last one is *known to be over* (the API itself
answered, or a saved answer came back), since a gateway's error says nothing of work that may still be going
on behind it.

Sources: Zuora API reference, "Error handling" (reasons, categories), "Idempotent requests" (saved results,
409, 422), "Rate and concurrent request limits" (429, category 70). What a 409 means is documented two ways:
still in progress, or the saved result itself; both are read here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runner.domain.model import Answer, History, Judgement, Kind, Reason, Reply, Seen, Silence
from runner.zuora.categories import CREDENTIALS, PERMISSION, THROTTLED, WAITING
from runner.zuora.envelope import Envelope, envelope, explanation, is_readable, may_be_success
from runner.zuora.operations import Operation
from runner.zuora.reply_ids import is_id


def verdict(
    answer: Answer,
    history: History,
    operation: Operation,
    *,
    now: float,
    progress_seconds: float,
    is_shared: Callable[[str], bool] = lambda reply_id: False,
    proven: bool = False,
) -> Judgement:
    """What `answer` means for a request with this `history`. Raises nothing, whatever the answer.

    `progress_seconds` is how long a 409 is believed to mean "in progress": twice the request's time-out. `is_shared`
    says whether a reply to another request had an id. `proven` is whether the run has had a success: then a 403 that is
    not the API's own (a firewall's page about one body) is that row's.
    """
    if isinstance(answer, Seen):
        return answer.judgement
    if isinstance(answer, Silence):
        return _silence(answer)
    parsed = envelope(answer.body)
    judge = _Judge(answer, parsed, history, is_shared if operation.keyed else _no_proof)
    if parsed is None:
        if answer.status == 409 and may_be_success(answer.body, operation.declares):
            return judge.again(Reason.UNEXPECTED, in_doubt=True, unexpected=True)  # no proof that the key is spent
        if proven and answer.status == 403:
            return judge(Kind.FAILED, Reason.CLIENT_ERROR, unexpected=True)
        return _by_status(judge, now, progress_seconds)
    if parsed.success:
        return _claimed_success(judge, parsed, operation, now, progress_seconds)
    if answer.status == 409 and not parsed.permanent:
        return _in_progress(judge, now, progress_seconds)
    return _by_category(judge, parsed)


def _no_proof(_reply_id: str) -> bool:
    """Without a key no reply is saved: whatever ids come again, it is the gateway that repeats them."""
    return True


def _silence(silence: Silence) -> Judgement:
    if silence.kind == "credentials":
        return Judgement(Kind.STOP, Reason.CREDENTIALS, spends=False, message=silence.detail)
    if silence.kind == "certificate":
        return Judgement(Kind.STOP, Reason.ENDPOINT, spends=False, message=silence.detail)
    hold = silence.retry_after_seconds
    if silence.kind == "token":
        return Judgement(
            Kind.AGAIN, Reason.NO_TOKEN, spends=False, message=silence.detail, holds_everyone=True, hold_seconds=hold
        )
    message = f"{silence.kind}: {silence.detail}" if silence.detail else silence.kind
    if not silence.sent:  # refused or failed connect, DNS, proxy: the tenant has nothing of it
        return Judgement(Kind.AGAIN, Reason.SILENCE, spends=False, message=message)
    return Judgement(Kind.AGAIN, Reason.SILENCE, in_doubt=True, message=message, unexpected=bool(silence.snippet))


class _Judge:
    """Makes judgements about one reply; fills in what they all carry."""

    def __init__(
        self, reply: Reply, parsed: Envelope | None, history: History, is_shared: Callable[[str], bool]
    ) -> None:
        self.reply, self.parsed, self.history = reply, parsed, history
        ids = parsed.reply_ids if parsed else ()
        self.reply_ids = (*ids, reply.request_id) if reply.request_id else ids
        earlier = history.reply_ids
        self.saved = bool(earlier) and any(  # provably
            reply_id in earlier and is_id(reply_id) and not is_shared(reply_id) for reply_id in self.reply_ids
        )

        self.code, self.category = _deciding_code(parsed) if parsed else (None, None)

    def __call__(self, kind: Kind, reason: Reason, **more: Any) -> Judgement:
        parsed = self.parsed
        described = {
            "code": self.code,
            "category": self.category,
            "message": (parsed.message if parsed else explanation(self.reply.body)) or f"HTTP {self.reply.status}",
            "process_id": parsed.process_id if parsed else None,
            "reply_ids": self.reply_ids,
        }
        return Judgement(kind, reason, **(described | more))

    def again(self, reason: Reason, **more: Any) -> Judgement:
        return self(Kind.AGAIN, reason, **more)

    def stop(self, reason: Reason, message: str | None = None) -> Judgement:
        more = {"message": message} if message else {}
        return self(Kind.STOP, reason, spends=False, unexpected=self.parsed is None, **more)


def _deciding_code(parsed: Envelope) -> tuple[str | None, str | None]:
    """The code and category that decide: a permanent one where there is one, else the first."""
    if not parsed.codes:
        return None, None
    pairs = list(zip(parsed.codes, parsed.categories, strict=True))
    for code, category in pairs:
        if category not in WAITING:
            return code, category
    return pairs[0]


def _claimed_success(
    judge: _Judge, parsed: Envelope, operation: Operation, now: float, progress_seconds: float
) -> Judgement:
    """`success: true`: believed with status 2xx, or 409 (a replay), and the field that is declared."""
    status = judge.reply.status
    if status != 409 and not 200 <= status < 300:
        return _by_status(judge, now, progress_seconds, contradicted=True)
    ids = operation.ids(parsed.fields.get(operation.declares))
    if ids is None:
        message = f"success without the {operation.declares} that {operation.name} declares"
        return judge.again(Reason.UNEXPECTED, in_doubt=True, unexpected=True, message=message)
    code, category = _deciding_code(parsed)
    return Judgement(
        Kind.SUCCEEDED,
        Reason.DONE,
        ids=ids,
        replayed=status == 409 or judge.saved,
        code=code,
        category=category,
        process_id=parsed.process_id,
        reply_ids=judge.reply_ids,
    )


def _by_category(judge: _Judge, parsed: Envelope) -> Judgement:
    """`success: false`: the category outranks the HTTP status; without one the status speaks."""
    if not parsed.categories:
        return _unexplained(judge)
    if judge.reply.status == 422 and not parsed.known_category:
        return _key_mismatch(judge)
    if parsed.permanent:
        return judge(Kind.FAILED, Reason.REFUSED)
    if CREDENTIALS in parsed.categories:
        return _token(judge)
    if PERMISSION in parsed.categories:
        return judge(Kind.FAILED, Reason.PERMISSION)
    if THROTTLED in parsed.categories:
        return _throttled(judge)
    if not parsed.explained:
        return judge(Kind.FAILED, Reason.REFUSED)
    return judge.again(Reason.SAVED_FAILURE, next_generation=True)


def _unexplained(judge: _Judge) -> Judgement:
    """An envelope that says no and not why: the row failed, unless the status means something else."""
    status = judge.reply.status
    if status == 403:
        return judge(Kind.FAILED, Reason.PERMISSION)
    return _status_alone(judge) or judge(Kind.FAILED, Reason.REFUSED)


def _by_status(judge: _Judge, now: float, progress_seconds: float, *, contradicted: bool = False) -> Judgement:
    """No envelope, or one whose `success: true` contradicts its status: the HTTP status alone speaks."""
    status = judge.reply.status
    if status == 409:
        return _in_progress(judge, now, progress_seconds)
    if (judgement := _status_alone(judge)) is not None:
        return judgement
    if status < 300 or contradicted:
        return judge.again(Reason.UNEXPECTED, in_doubt=True, unexpected=True)
    if status in (403, 404, 405):
        return _wrong_endpoint(judge)
    return judge(Kind.FAILED, Reason.CLIENT_ERROR, unexpected=True)


def _status_alone(judge: _Judge) -> Judgement | None:
    """The statuses that mean the same with an envelope and without one."""
    status = judge.reply.status
    if status == 401:
        return _token(judge)
    if status == 429:
        return _throttled(judge)
    if status == 422:
        return _key_mismatch(judge)
    if status == 408 or status >= 500:
        return _gateway(judge)
    if status == 407 or 300 <= status < 400:
        return _wrong_endpoint(judge)
    return None


def _gateway(judge: _Judge) -> Judgement:
    """The work may be going on behind it: the same key, unless this very reply came before."""
    return judge.again(
        Reason.GATEWAY,
        next_generation=judge.saved,
        in_doubt=not judge.saved,
        holds_everyone=judge.reply.retry_after_seconds is not None,
        hold_seconds=judge.reply.retry_after_seconds,
        unexpected=True,
    )


def _throttled(judge: _Judge) -> Judgement:
    """A 429 did no work, but may be saved under the key: once it repeats, the next key is asked.

    It says nothing of an earlier attempt that is in doubt: then the key stays, whatever ids the reply bears. A saved
    one says nothing of the tenant's load now: it holds nobody and spends patience.
    """
    history = judge.history
    if judge.saved:
        return judge.again(Reason.THROTTLED, next_generation=history.doubts == 0)
    return judge.again(
        Reason.THROTTLED,
        objection=f"category {THROTTLED}" if judge.category == THROTTLED else "429",
        next_generation=history.throttled > 0 and history.doubts == 0,
        spends=False,
        holds_everyone=True,
        hold_seconds=judge.reply.retry_after_seconds,
    )


def _in_progress(judge: _Judge, now: float, progress_seconds: float) -> Judgement:
    """409: work goes on under this key; when it can no longer be going on, it is as a saved failure."""
    doubted_at = judge.history.doubted_at
    if doubted_at is not None and now - doubted_at > progress_seconds:
        if judge.parsed is None and not is_readable(judge.reply.body):  # it may be a success that something mangled
            return judge.again(Reason.UNEXPECTED, in_doubt=True, unexpected=True)
        return judge.again(Reason.SAVED_FAILURE, next_generation=True)
    return judge.again(Reason.IN_PROGRESS, in_doubt=True, spends=False, hold_seconds=judge.reply.retry_after_seconds)


def _token(judge: _Judge) -> Judgement:
    """401, category 11: a new token, once; refused with that one too, the credentials are at fault."""
    refused = judge.history.refused_token
    if refused is not None and judge.reply.token > refused:
        return judge.stop(Reason.CREDENTIALS)
    return judge.again(Reason.TOKEN, spends=False)


def _key_mismatch(judge: _Judge) -> Judgement:
    return judge.stop(
        Reason.KEY_MISMATCH, "HTTP 422: the idempotency key was used before for another tenant, URL or method"
    )


def _wrong_endpoint(judge: _Judge) -> Judgement:
    return judge.stop(
        Reason.ENDPOINT,
        f"HTTP {judge.reply.status}: this is not where the operation is; check the base URL",
    )
