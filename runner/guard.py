"""The guard before anything is sent: what a read-only profile forbids, and what production asks.

A production host wants its name typed, on a terminal, by somebody who has just seen the plan and what it
overwrites. Without a terminal it wants `--yes` or the profile's `allow_production = true`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from runner.errors import Refused
from runner.ledger import open_read_only
from runner.ledger.tallies import pending_kinds
from runner.order import warnings
from runner.settings import Settings
from runner.speech import say
from runner.zuora.consequences import consequence, overwrites
from runner.zuora.tenants import is_loopback, may_be_production


def is_guarded(settings: Settings) -> bool:
    """Whether the tenant is to be treated as production: by its host, or because the profile says so."""
    named = settings.tenant == "production" and settings.sources.get("tenant") != "default"
    return may_be_production(settings.hostname) or (named and not is_loopback(settings.hostname))


def consequences(ledger: Path) -> list[str]:
    """What the requests that are left do to what is there, a line a kind; what overwrites comes first."""
    with open_read_only(ledger) as store:
        kinds = pending_kinds(store)
    kinds.sort(key=lambda kind: not overwrites(kind[0], kind[1]))
    return [consequence(operation, query, count) for operation, query, count in kinds]


def refuse_read_only(settings: Settings, why: str = "nothing is sent") -> None:
    """Raises Refused if the profile may not send: no POST but the token's, no PUT."""
    if settings.profile.read_only:
        raise Refused(f"profile {settings.profile_name!r} is read_only: {why}; use another profile for that")


def permit(ledger: Path, settings: Settings, *, yes: bool, show_plan: Callable[[], None]) -> None:
    """Let the run be sent, or raise Refused. `show_plan` is called before a question."""
    refuse_read_only(settings)
    _confirm(warnings(ledger, production=is_guarded(settings)), yes=yes)
    if not is_guarded(settings) or yes or settings.profile.allow_production:
        return
    if not at_terminal():
        raise Refused(f"{settings.host} is production: say --yes, or `allow_production = true` in the profile")
    show_plan()
    _ask(settings.hostname, consequences(ledger))


def at_terminal() -> bool:
    """Whether somebody sees a question and can answer it. Under some schedulers there is no standard input at all."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _confirm(told: list[str], *, yes: bool) -> None:
    """Have warnings confirmed: by `--yes`, or by a word on a terminal."""
    if not told or yes:
        return
    if not at_terminal():
        raise Refused("; ".join(told) + "; say --yes if that is meant")
    say("\n".join(told), err=True)
    say("Type yes to go on: ", end="", err=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise Refused("not confirmed; nothing was sent")


def _ask(hostname: str, told: list[str]) -> None:
    lines = ["This sends to PRODUCTION:", *(f"  {line}" for line in told)]
    say("\n".join(lines), err=True)
    say(f"Type the host name ({hostname}) to go on: ", end="", err=True)
    if sys.stdin.readline().strip() != hostname:
        raise Refused("not confirmed; nothing was sent")
