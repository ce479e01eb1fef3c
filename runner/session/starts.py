"""The record of a start: who began to send, with which command line and which options that decide what is sent."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from runner import __version__
from runner.ledger.facts import Start, StartOptions
from runner.system.timestamps import iso, now_microseconds, utc_offset_minutes
from runner.system.user import login

if TYPE_CHECKING:
    from runner.config.settings import Settings
    from runner.session.invocation import Invocation

SECRET_OPTIONS = ("--notify", "--on-finish")  # a web hook's URL is a secret, and a command may have one in it
MASK = "***"


def masked(words: Iterable[str]) -> Iterator[str]:
    """A command line without its secrets."""
    secret = False
    for word in words:
        name, equals, _ = word.partition("=")
        if secret:
            yield MASK
        elif name in SECRET_OPTIONS and equals:
            yield f"{name}={MASK}"
        else:
            yield word
        secret = not secret and word in SECRET_OPTIONS


def start_of(invocation: Invocation, settings: Settings) -> Start:
    """The record of the start that this process makes now."""
    terms = invocation.terms
    failures = terms.failures
    return Start(
        at=iso(now_microseconds()),
        command=tuple(masked(invocation.command)),
        login=login(),
        uid=os.getuid() if hasattr(os, "getuid") else None,
        host=socket.gethostname(),
        utc_offset=utc_offset_minutes(),
        process=os.getpid(),
        version=__version__,
        production=invocation.confirmed,
        options=StartOptions(
            canary=terms.canary,
            resend_unknown=invocation.resend_unknown,
            accept_failures=invocation.accept_failures,
            moved=invocation.moved,
            max_failures=str(failures.count) if failures.count is not None else _percent(failures.share),
            max_requests=terms.max_requests,
            until=None if terms.until is None else iso(int(terms.until * 1e6)),
            rate=settings.rate,
            concurrency=settings.concurrency,
        ),
    )


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share * 100:.4g}%"
