"""The whole story of one row: every attempt, every wait and its reason."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from runner.domain.errors import Refused
from runner.domain.identity import track_id
from runner.ledger import Store, jobs, queries
from runner.ledger.queries import ResultLine
from runner.results.columns import key_of
from runner.runs.annotations import of_row
from runner.runs.folder import RunFolder
from runner.system.console import printable
from runner.system.timestamps import duration, iso

SNIPPET_SHOWN = 300  # characters of a response of unexpected shape, as the ledger keeps it
_NAMED = re.compile(r"(?:regen1-)?([0-9a-f]{40})(?:-\d+)?")


def row_of_key(store: Store, run: str, text: str) -> int:
    """The row with this idempotency key or track id, of whatever generation or attempt. Raises Refused if none has."""
    match = _NAMED.fullmatch(text.strip().lower())
    if match is None:
        raise Refused(f"{text!r} is not a key: expected regen1-<40 hexadecimal characters>-<generation>, or a track id")
    row = queries.row_of_digest(store, match[1])
    if row is None:
        raise Refused(f"run {run} has no request with the key {text}")
    return row


def story(store: Store, folder: RunFolder, row: int) -> dict[str, Any]:
    """All that is known of a row: by the ledger, and of an unknown one by the tenant, if it was asked. Raises Refused
    if the run has no such row."""
    run = folder.id
    line = next(queries.lines(store, line=row), None)
    if line is None:
        raise Refused(f"run {run} has no row {row}")
    sources = {source.number: source for source in queries.manifests(store)}
    cells = dict(zip(sources[line.manifest].columns, json.loads(line.cells), strict=True))
    tries = queries.attempts(store, line.request) if line.request is not None else []
    return {
        "row": line.line,
        "manifest": line.path,
        "manifest_row": line.row,
        "cells": cells,
        "operation": line.operation,
        "object": line.object,
        "state": line.state,
        "repeats_row": line.request if line.state == "duplicate" else None,
        "problem": line.problem,
        "outcome": line.outcome,
        "ids": json.loads(line.ids) if line.ids else None,
        "code": line.code,
        "message": line.message,
        "tenant_says": of_row(folder, line.request) if line.request and line.outcome == "unknown" else None,
        "job": _job(store, line.request),
        "attempts": _attempts(line, tries, queries.events(store, "paused") if len(tries) > 1 else []),
    }


def _job(store: Store, request: int | None) -> dict[str, Any] | None:
    """What the row's request created, as it was last told; the file that it uploaded."""
    known, part = (jobs.job(store, request), jobs.part(store, request)) if request is not None else (None, None)
    if known is None and part is None:
        return None
    shown: dict[str, Any] = {"file": part.file if part else None, "name": None, "status": None, "created_at": None}
    if known is not None:
        shown |= {"name": known.name, "status": known.status, "created_at": iso(known.created_at)}
    counts: dict[str, Any] = json.loads((known and known.facts) or "{}")
    return shown | counts


def _attempts(
    line: ResultLine, tries: list[dict[str, Any]], pauses: list[tuple[int, str, dict[str, Any]]]
) -> list[dict[str, Any]]:
    """The attempts with their keys, and with what was waited for before each."""
    before: dict[str, Any] | None = None
    listed = []
    for attempt in tries:
        waited = _wait(before, attempt, pauses) if before else {}
        times = {name: attempt[name] for name in ("claimed_at", "sent_at", "answered_at")}
        keys = {
            "key": key_of(line, attempt["generation"]),
            "track_id": track_id(line.digest or "", attempt["number"]),
        }
        shown = {name: None if at is None else iso(at) for name, at in times.items()}
        listed.append(attempt | keys | shown | waited)
        before = attempt
    return listed


def _wait(
    before: dict[str, Any], attempt: dict[str, Any], pauses: list[tuple[int, str, dict[str, Any]]]
) -> dict[str, Any]:
    """How long the row waited for this attempt, and the pauses of the whole run in that time."""
    since = before["answered_at"] or before["claimed_at"]
    until = attempt["sent_at"] or attempt["claimed_at"]
    reasons = [facts.get("reason", "") for at, _, facts in pauses if since - 1_000_000 <= at <= until]
    return {"waited_seconds": max(0.0, (until - since) / 1e6), "paused_for": list(dict.fromkeys(reasons))}


def story_lines(story: dict[str, Any]) -> Iterator[str]:
    """The story for people."""
    yield f"row {story['row']}: {printable(story['manifest'])}, row {story['manifest_row']}"
    named = " ".join(part for part in (story["operation"], story["object"]) if part)  # a rejected row may lack both
    yield f"  {printable(named)}: {story['state']}" if named else f"  {story['state']}"
    for name in ("problem", "repeats_row", "code", "message"):
        if story[name] is not None:
            yield f"  {name.replace('_', ' ')}: {printable(str(story[name]))}"
    if story["outcome"] == "succeeded":
        yield f"  ids: {', '.join(map(printable, story['ids'])) or 'none'}"
    if (tenant := story["tenant_says"]) is not None:
        ids = f", ids {tenant['ids']}" if tenant["ids"] else ""
        yield (f"  according to the tenant: {printable(tenant['answer'] + ids)}: {tenant['reason']} ({tenant['file']})")
    if story["job"] is not None:
        facts = ", ".join(f"{name} {value}" for name, value in story["job"].items() if value is not None)
        yield f"  job: {printable(facts)}"
    yield from itertools.chain.from_iterable(map(_attempt_lines, story["attempts"]))


def _attempt_lines(attempt: dict[str, Any]) -> Iterator[str]:
    if "waited_seconds" in attempt:
        pauses = (
            f", while the run paused: {printable(', '.join(attempt['paused_for']))}" if attempt["paused_for"] else ""
        )
        yield f"  waited {duration(attempt['waited_seconds'])}{pauses}"
    reason = attempt["reason"] or "no answer recorded: in doubt"
    status = f" HTTP {attempt['http_status']}" if attempt["http_status"] else ""
    message = f" ({printable(attempt['message'])})" if attempt["message"] else ""
    request = f", request id {printable(attempt['request_id'])}" if attempt["request_id"] else ""
    over = ", this key is spent" if attempt["over"] else ""
    under = f" with {attempt['key']}" if attempt["key"] else ""
    yield (
        f"  attempt {attempt['number']} at {attempt['sent_at'] or attempt['claimed_at']}{under}:"
        f"{status} {reason}{message}{request}{over}"
    )
    if attempt["snippet"]:
        yield f"    the response began: {printable(attempt['snippet'][:SNIPPET_SHOWN])}"
