"""A named promise about a run, and the rows that break it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from runner.domain.errors import RunnerError

LISTED = 20

# What damaged files make of the code that reads them: it tells of the damage, and is no fault of the program.
DAMAGE = (
    *(RunnerError, OSError, ValueError, LookupError, TypeError, ArithmeticError, RuntimeError),
    *(msgspec.MsgspecError, csv.Error),
)


@dataclass(frozen=True)
class Invariant:
    """A promise: it holds if nothing breaks it. `broken` lists the first that do, `count` tells of all.

    `notes` are worth knowing and break nothing.
    """

    name: str
    promise: str
    broken: tuple[str, ...] = ()
    count: int = 0
    notes: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return self.count == 0

    def lines(self) -> list[str]:
        """The promise for people: a line, and those that break it below."""
        more = [f"    … and {self.count - len(self.broken):,} more"] if self.count > len(self.broken) else []
        told = [f"    {text}" for text in self.broken]
        notes = [f"    note: {text}" for text in self.notes]
        return [f"{'ok    ' if self.holds else 'BROKEN'}  {self.name}: {self.promise}", *told, *more, *notes]

    def document(self) -> dict[str, Any]:
        """The promise as JSON shows it."""
        shown = {"name": self.name, "promise": self.promise, "holds": self.holds, "count": self.count}
        return shown | {"broken": list(self.broken), "notes": list(self.notes)}


class Note(str):
    """What is worth knowing and breaks nothing."""

    __slots__ = ()


class _Listing:
    """The first of many texts, and how many there are."""

    def __init__(self) -> None:
        self.first: list[str] = []
        self.count = 0

    def add(self, text: str) -> None:
        self.count += 1
        if self.count <= LISTED:
            self.first.append(text)

    def told(self) -> tuple[str, ...]:
        more = self.count - len(self.first)
        return (*self.first, f"… and {more:,} more") if more else tuple(self.first)


def examined(name: str, promise: str, find: Callable[[], Iterable[str]]) -> Invariant:
    """Look for what breaks a promise, and for notes. What cannot be read for damage breaks it, too."""
    broken, notes = _Listing(), _Listing()
    try:
        for told in find():
            (notes if isinstance(told, Note) else broken).add(told)
    except DAMAGE as error:
        broken.add(f"it cannot be read: {_told(error)}")
    return Invariant(name, promise, tuple(broken.first), broken.count, notes.told())


def _told(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, RunnerError) else f"{type(error).__name__}: {text[:200]}"
