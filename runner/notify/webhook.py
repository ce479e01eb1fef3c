"""`--notify URL`: posts how a run ended, as JSON with a `text` that Slack and its like show.

Counts, times, the run's id and host, the reason that stopped it: no row, no identifier, no message about a row. The
URL of a web hook is a secret: it is told nowhere. A hook that fails or hangs changes nothing about the run.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from runner import __version__
from runner.results.summary import balance
from runner.runs.run_json import RunDocument
from runner.system.console import printable
from runner.system.hosts import is_loopback

TRIES = 3
TRY_SECONDS = 5.0
MOST_SECONDS = 20.0
REASON_LENGTH = 300
KEYS = ("run", "status", "host", "tenant_kind", "counts", "requests", "started_at", "ended_at", "head", "machine")


class NotDelivered(Exception):
    """The hook could not be told; the message does not name its URL."""


def payload(name: str, exit_code: int, reason: str, document: RunDocument | None) -> dict[str, Any]:
    """What is posted. `document` is run.json, None if no run began."""
    shown = printable(reason)[:REASON_LENGTH]
    if document is None:
        parts = [f"regen {name}: refused, exit code {exit_code}"]
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


def post(url: str, content: Mapping[str, Any], *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Post it; a few tries, within a time that no hook can stretch. Raises NotDelivered."""
    _check(url)
    problems: list[str] = []
    body = json.dumps(content, ensure_ascii=False).encode()

    def work() -> None:
        for attempt in range(1, TRIES + 1):
            problem = _tried(url, body)
            if problem is None:
                problems.clear()
                return
            problems.append(problem)
            if attempt < TRIES:
                sleep(float(attempt))

    problems.append("no answer in time")
    thread = threading.Thread(target=work, name="notify", daemon=True)
    thread.start()
    thread.join(MOST_SECONDS)
    if problems:
        raise NotDelivered(problems[-1])


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise NotDelivered("its URL cannot be read") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise NotDelivered("its URL must begin with https://")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None  # what was meant for one host is not carried to another


def _tried(url: str, body: bytes) -> str | None:
    """One try: None if the hook took it, else what went wrong."""
    headers = {"Content-Type": "application/json", "User-Agent": f"regeneration-runner/{__version__}"}
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - https, see `_check`
    try:
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(request, timeout=TRY_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        error.close()
        return f"HTTP {error.code}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return type(reason).__name__ if isinstance(reason, BaseException) else str(reason)
