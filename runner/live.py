"""A run that is going on, as its ledger tells it: pace, concurrency, what is left."""

from __future__ import annotations

import json

from runner.ledger import Store, views
from runner.speech import printable
from runner.times import duration, iso, now_microseconds

RECENT_SECONDS = 60
TELLING_SECONDS = 5  # a shorter pause is over before it is read


def live_line(store: Store, now: int | None = None) -> str | None:
    """Pace, concurrency and time left of a run under way; None of any other. `now` in microseconds."""
    if store.facts()["status"] != "running":
        return None
    now = now_microseconds() if now is None else now
    answered, first, last = views.answered_since(store, now - RECENT_SECONDS * 1_000_000)
    pending = views.pending(store)
    if (pause := _pause(store, now)) is not None:
        return f"running, but {pause}; {pending:,} requests are pending"
    if not answered or first is None or last is None:
        return f"running, but nothing was answered in the last minute; {pending:,} requests are pending"
    rate = answered / max(1.0, (now - first) / 1e6)
    at_once = views.last_event(store, ("concurrency", "concurrency-grown"))
    told = f", {json.loads(at_once)['to']} at once" if at_once else ""
    return (
        f"running: {rate:,.1f} answers a second{told}, {pending:,} requests pending, about {duration(pending / rate)} "
        f"left; the last answer came {duration((now - last) / 1e6)} ago"
    )


def _pause(store: Store, now: int) -> str | None:
    """The long pause that holds the run just now, and until when; None if there is none."""
    for at, name, facts in reversed(views.events(store, "paused", "blackout-over")):
        if name == "blackout-over":
            return None
        end = at + int(facts["seconds"] * 1e6)
        if facts["seconds"] >= TELLING_SECONDS and end > now:
            return f"paused until {iso(end)[:19]}Z: {printable(facts['reason'])}"
    return None
