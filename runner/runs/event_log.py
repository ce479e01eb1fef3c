"""run.log: one event a line, JSON. Never a token, never a body, of customer data only identifiers."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runner.system.console import json_text, printable
from runner.system.timestamps import duration, iso, now_microseconds

# to a person
SHOWN = frozenset({"paused", "blackout-over", "concurrency", "stopping", "canary-passed", "seal-opened"})
RECORDED = SHOWN | {"concurrency-grown", "rate"}  # in the ledger, for the report
DETAILS = frozenset({"settled", "again", "concurrency-grown", "rate"})
LEVELS = dict.fromkeys(DETAILS, logging.DEBUG) | {"paused": logging.WARNING, "stopping": logging.WARNING}
LEVELS["fault"] = logging.ERROR  # the others: INFO
LOGGER = logging.getLogger("runner")
LOGGER.addHandler(logging.NullHandler())  # else Python prints warnings to stderr where nobody listens


class EventLog:
    """Appends events to a run's log and tells the important ones to a person, too."""

    def __init__(self, path: Path, tell: Callable[[str], None] = lambda text: None) -> None:
        handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600)
        self._file = os.fdopen(handle, "a", encoding="utf-8", buffering=1)
        self._tell = tell

    def note(self, name: str, facts: dict[str, Any]) -> None:
        """Write one event."""
        event = {"at": iso(now_microseconds()), "event": name} | facts
        self._file.write(json_text(event) + "\n")
        if LOGGER.isEnabledFor(level := LEVELS.get(name, logging.INFO)):
            LOGGER.log(level, "%s", sentence(name, facts), extra={"event": name, "shown": name in SHOWN})
        if name in SHOWN:
            self._tell(printable(sentence(name, facts)))

    def close(self) -> None:
        """Close the log."""
        self._file.close()


def _long(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 90 else duration(seconds)


def sentence(name: str, facts: dict[str, Any]) -> str:
    """An event for people."""
    match name:
        case "paused":
            return f"pausing {_long(facts['seconds'])}: {facts['reason']}"
        case "blackout-over":
            return "the blackout is over"
        case "concurrency":
            return f"concurrency {facts['from']} → {facts['to']}: {facts['reason']}"
        case "canary-passed":
            passed, left = facts["requests"], facts["left"]
            return f"Canary passed ({passed:,} of {passed:,}). Sending the remaining {left:,}."
        case "seal-opened":
            return f"the folder's seal was opened by {facts['by']}, to continue the run"
        case "stopping":
            return f"stopping: {facts['reason']}"
        case _:
            return f"{name}: " + ", ".join(f"{key} {value}" for key, value in facts.items())
