"""The envelope of a Zuora response: a JSON object with a boolean `success`."""

from __future__ import annotations

from typing import Any

import msgspec

from runner.domain.model import Reply, Silence
from runner.zuora.categories import CREDENTIALS, PERMISSION, WAITING

MOST_CHARACTERS = 8000  # of a message or an id: an answer of megabytes is not kept for every row


BOM = b"\xef\xbb\xbf"
_decode = msgspec.json.Decoder().decode


class Envelope(msgspec.Struct, frozen=True):
    """A JSON object with a boolean `success`: the API itself spoke."""

    success: bool
    fields: dict[str, Any]
    codes: tuple[str, ...]
    categories: tuple[str, ...]  # two digits each; as many as there are reasons with a code
    explained: bool  # whether every reason has a code
    message: str | None
    reply_ids: tuple[str, ...]  # requestId, processId
    process_id: str | None

    @property
    def permanent(self) -> bool:
        """Whether a reason's category is one that neither waiting nor a new token changes."""
        return any(c not in WAITING and c not in (PERMISSION, CREDENTIALS) for c in self.categories)

    @property
    def known_category(self) -> bool:
        """Whether a reason's category is one of 20 to 90."""
        return any("20" <= category <= "90" for category in self.categories)


def envelope(body: bytes) -> Envelope | None:
    """The envelope in a body; None if there is none. Raises nothing, whatever the bytes."""
    fields = _object(body)
    if fields is None or not isinstance(fields.get("success"), bool):
        return None
    reasons = fields.get("reasons")
    codes, messages = _reasons(reasons)
    request_id, process_id = _text(fields.get("requestId")), _text(fields.get("processId"))
    return Envelope(
        success=fields["success"],
        fields=fields,
        codes=codes,
        categories=tuple([code[-2:] for code in codes]),
        explained=isinstance(reasons, list) and len(codes) == len(reasons),
        message="; ".join(messages)[:MOST_CHARACTERS] or None,
        reply_ids=tuple([reply_id for reply_id in (request_id, process_id) if reply_id]),
        process_id=process_id,
    )


def accepted(answer: Reply | Silence) -> Envelope | str:
    """The envelope of a 2xx success; else why there is none, in the server's own words. For what changes nothing."""
    parsed = envelope(answer.body) if isinstance(answer, Reply) else None
    status = answer.status or 0
    return parsed if parsed is not None and parsed.success and 200 <= status < 300 else failure(answer)


def failure(answer: Reply | Silence) -> str:
    """Why an answer is of no use, in the server's own words."""
    if isinstance(answer, Silence):
        return f"{answer.kind}: {answer.detail}"
    parsed = envelope(answer.body)
    return (parsed.message if parsed else explanation(answer.body)) or f"HTTP {answer.status}"


def _object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in a body, also behind a byte order mark; None if there is none."""
    try:
        fields = _decode(body.removeprefix(BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def may_be_success(body: bytes, declared: str | None) -> bool:
    """Whether a body without a readable `success` may still report that the work was done: a JSON object with `success`
    as something else than a boolean, or with the field that the operation declares."""
    fields = _object(body)
    if fields is None or isinstance(fields.get("success"), bool):
        return False
    return "success" in fields or (declared is not None and declared in fields)


def is_readable(body: bytes) -> bool:
    """Whether a body is empty or a JSON object: nothing on the way has replaced or cut it."""
    return not body.strip() or _object(body) is not None


def explanation(body: bytes) -> str | None:
    """The message of a JSON object that is no envelope; None where it has none.

    Shapes: `{"message"}`, `{"code", "message"}` (Data Query), `{"Success": false, "Errors": [{"Code", "Message"}]}`
    (older calls), and `success` as text, which neither confirms nor denies.
    """
    fields = _object(body)
    if fields is None:
        return None
    success = fields.get("success")
    if success is not None and not isinstance(success, bool):
        return f'the response has "success": {str(success)[:40]!r}, which is neither true nor false'
    errors = fields.get("Errors")
    entries = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    pairs = [(_text(error.get("Code")), _text(error.get("Message"))) for error in entries]
    pairs.append((_text(fields.get("code")), _text(fields.get("message"))))
    messages = [": ".join(part for part in pair if part) for pair in pairs]
    return "; ".join(message for message in messages if message)[:MOST_CHARACTERS] or None


def _reasons(reasons: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The codes (digits; a number or a string on the wire) and the messages of an envelope's reasons."""
    if not isinstance(reasons, list):
        return (), ()
    codes, messages = [], []
    for reason in reasons:
        if not isinstance(reason, dict):
            continue
        code = _text(reason.get("code"))
        if code and code.isdigit() and code.isascii() and len(code) > 1:
            codes.append(code)
        messages.append(_text(reason.get("message")))
    return tuple(codes), tuple(message for message in messages if message)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value)[:MOST_CHARACTERS] or None
