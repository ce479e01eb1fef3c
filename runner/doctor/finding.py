"""One thing that was looked at: how it is, and what to do about it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.StrEnum):
    """How bad it is. Only `fail` keeps a run from going well."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, what was seen, what to do."""

    name: str
    level: Level
    message: str
    remedy: str = ""

    def document(self) -> dict[str, str]:
        """The finding as JSON shows it."""
        return {"name": self.name, "level": self.level.value, "told": self.message, "remedy": self.remedy}


def ok(name: str, message: str) -> Finding:
    """Nothing to do."""
    return Finding(name, Level.OK, message)


def warn(name: str, message: str, remedy: str) -> Finding:
    """A run can go on, but somebody should know."""
    return Finding(name, Level.WARN, message, remedy)


def fail(name: str, message: str, remedy: str) -> Finding:
    """A run would not go well."""
    return Finding(name, Level.FAIL, message, remedy)
