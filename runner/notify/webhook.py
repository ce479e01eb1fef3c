"""`--notify URL`: posts how a run ended, as JSON with a `text` that Slack and its like show.

Counts, times, the run's id and host, the reason that stopped it: no row, no identifier, no message about a row. The
URL of a web hook is a secret: it is shown nowhere. A hook that fails or hangs changes nothing about the run.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp

from runner.domain.errors import ExitCode, Refused
from runner.notify.http_client import in_thread, problem_of, request
from runner.results.summary import balance
from runner.runs.run_json import RunDocument
from runner.system.console import printable
from runner.system.hosts import is_loopback
from runner.zuora.response import retry_after

TRIES = 3
TRY_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 30.0  # of a Retry-After: Slack limits a hook to one message a second, and may ask for more
MOST_SECONDS = 75.0
REASON_LENGTH = 300
KEYS = ("run", "status", "host", "tenant_kind", "counts", "requests", "started_at", "ended_at", "head", "machine")


class NotDelivered(Exception):
    """The hook did not take it; the message does not name its URL."""


def payload(name: str, exit_code: int, reason: str, document: RunDocument | None) -> dict[str, Any]:
    """What is posted. `document` is run.json, None if no run began."""
    shown = printable(reason)[:REASON_LENGTH]
    if document is None:
        ended = "refused" if exit_code == ExitCode.REFUSED else "ended without a run"
        parts = [f"regen {name}: {ended}, exit code {exit_code}"]
    else:
        parts = [f"regen {document.run} on {document.host}: {document.status}, exit code {exit_code}"]
        parts.append(f"; {balance(document.counts)}")
    if shown:
        parts.append(f"; {shown}")
    if document is not None and document.head:
        parts.append(f"; head of the ledger's chain {document.head}")
    plain = {} if document is None else document.as_json()
    facts = {key: plain[key] for key in KEYS if key in plain}
    return {"text": _plain("".join(parts)), "name": name, "exit_code": exit_code, "reason": shown} | facts


def _plain(text: str) -> str:
    """Text in which Slack finds no markup and no mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def refuse_url(url: str) -> None:
    """Raises NotDelivered for a URL that nothing is posted to."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise NotDelivered("its URL cannot be read") from None
    if not (parts.scheme == "https" and host) and not (parts.scheme == "http" and is_loopback(host)):
        raise NotDelivered("its URL must begin with https:// and name a host")


def post(url: str, content: Mapping[str, Any], *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Post it; a few tries, within a time that no hook can stretch. Raises NotDelivered."""
    refuse_url(url)
    body = json.dumps(content, ensure_ascii=False).encode()
    try:
        problem = in_thread(_attempted(url.strip(), body, sleep), MOST_SECONDS)
    except TimeoutError:
        problem = "no answer in time"
    if problem is not None:
        raise NotDelivered(problem)


async def _attempted(url: str, body: bytes, sleep: Callable[[float], Awaitable[None]]) -> str | None:
    """None if the hook took it, else what went wrong last."""
    problem = None
    for attempt in range(1, TRIES + 1):
        outcome = await _attempt(url, body)
        problem, wait = outcome.problem, outcome.wait_seconds or float(attempt)
        if problem is None or not outcome.again or attempt == TRIES:
            return problem
        if wait > LONGEST_WAIT_SECONDS:
            return f"{problem}, to be tried again in {wait:.0f} s: too late for this ending"
        await sleep(wait)
    return problem


class _Outcome(NamedTuple):
    """What became of one attempt: `wait_seconds` is what the hook asks for."""

    problem: str | None
    again: bool = True
    wait_seconds: float | None = None


async def _attempt(url: str, body: bytes) -> _Outcome:
    try:
        response = await request("POST", url, body, {"Content-Type": "application/json"}, seconds=TRY_SECONDS)
    except Refused as error:  # a proxy that cannot be used
        return _Outcome(str(error), again=False)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return _Outcome(problem_of(error))
    if response.status < 300:
        return _Outcome(None)
    again = response.status in (408, 425, 429) or response.status >= 500
    wait = retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
    return _Outcome(f"HTTP {response.status}", again, wait)
