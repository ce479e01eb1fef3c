"""The guard before anything is sent: what a read-only profile forbids, and what production asks.

For a production host, its name must be typed, on a terminal, by somebody who has just seen the plan and what it
overwrites. Without a terminal, `--yes` is needed, or the profile's `allow_production = true`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from runner.config.production import is_guarded, refuse_read_only
from runner.config.settings import Settings
from runner.domain.errors import Refused
from runner.ledger import Store, queries
from runner.ledger.queries import StepFacts
from runner.ledger.request_kinds import pending_kinds
from runner.session.period_check import closed_periods
from runner.system.console import is_terminal, printable, say
from runner.zuora.effects import consequence, overwrites


def consequences(store: Store) -> list[str]:
    """What the requests that are left do to what is there, a line a kind; what overwrites comes first."""
    kinds = pending_kinds(store)
    kinds.sort(key=lambda kind: not overwrites(kind[0], kind[1]))
    return [consequence(operation, query, count) for operation, query, count in kinds]


def permit(
    store: Store,
    settings: Settings,
    *,
    yes: bool,
    show_plan: Callable[[], None],
    ask: bool = True,
    preflight: bool = False,
) -> str | None:
    """Let the run be sent, or raise Refused. `show_plan` is called before a question; without `ask` there is none.

    Returns how production was confirmed: `--yes`, `profile` or `terminal`; None for any other tenant.
    """
    refuse_read_only(settings)
    ask = ask and at_terminal()
    periods = closed_periods(store, settings)
    for note in periods.notes:
        say(printable(note), err=True)
    missing = _missing(store, settings) if preflight else []
    for line in missing if yes else ():
        say(printable(line), err=True)
    _confirm([*warnings(store, production=is_guarded(settings)), *periods.questions, *missing], yes=yes, ask=ask)
    if not is_guarded(settings):
        return None
    if yes or settings.profile.allow_production:
        return "--yes" if yes else "profile"
    if not ask:
        raise Refused(f"{settings.host} is production: use --yes, or `allow_production = true` in the profile")
    show_plan()
    _ask(settings.hostname, consequences(store))
    return "terminal"


def at_terminal() -> bool:
    """Whether somebody sees a question and can answer it. Under some schedulers there is no standard input at all."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def _missing(store: Store, settings: Settings) -> list[str]:
    """What `--preflight` finds; data queries are loaded for it alone."""
    from runner.session.preflight import missing_objects

    return missing_objects(store, settings)


def _confirm(lines_to_confirm: list[str], *, yes: bool, ask: bool) -> None:
    """Have warnings confirmed: by `--yes`, or by a word on a terminal."""
    if not lines_to_confirm or yes:
        return
    if not ask:
        raise Refused("; ".join(lines_to_confirm) + "; use --yes if that is meant")
    say("\n".join(lines_to_confirm), err=True)
    say("Type yes to continue: ", end="", err=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise Refused("not confirmed; nothing was sent")


def _ask(hostname: str, lines_to_confirm: list[str]) -> None:
    lines = ["This sends to PRODUCTION:", *(f"  {line}" for line in lines_to_confirm)]
    say("\n".join(lines), err=True)
    say(f"Type the host name ({hostname}) to continue: ", end="", err=True)
    if sys.stdin.readline().strip() != hostname:
        raise Refused("not confirmed; nothing was sent")


def warnings(store: Store, *, production: bool) -> list[str]:
    """What a person must confirm of the run in a ledger, a sentence each."""
    steps = queries.steps(store)
    left = {step for step, states in queries.counts(store).items() if states.get("pending")}
    return list(_warnings(steps, left, production))


def _warnings(steps: list[StepFacts], left: set[int], production: bool) -> Iterator[str]:
    """A step of which nothing is left to be sent needs no word."""
    regenerated = 0
    for step in steps:
        if step.do == "regenerate":
            regenerated = regenerated or step.number
        overwriting = step.do == "backfill" or (step.do == "auto-backfill" and not step.options.get("dry_run"))
        if not overwriting or step.number not in left:
            continue
        if regenerated:
            yield (
                f"step {step.number} backfills after step {regenerated} has regenerated: Zuora's order is backfill "
                "first, and what is regenerated before does not show the change"
            )
        if production:
            yield f"step {step.number} is a backfill on production: it can make Billing and Revenue disagree"
