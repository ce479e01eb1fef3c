"""A named promise about a run, and the rows that break it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from runner.errors import RunnerError

LISTED = 20

# What damaged files make of the code that reads them: it tells of the damage, and is no fault of the program.
DAMAGE = (RunnerError, OSError, ValueError, LookupError, TypeError, ArithmeticError, RuntimeError, msgspec.MsgspecError)


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


def examined(
    name: str, promise: str, find: Callable[[], Iterable[str]], notes: Callable[[], Iterable[str]] = tuple
) -> Invariant:
    """Look for what breaks a promise. What cannot be read for damage breaks it, too."""
    broken: list[str] = []
    count = 0
    noted: list[str] = []
    try:
        for problem in find():
            count += 1
            if count <= LISTED:
                broken.append(problem)
        noted = listed(notes())
    except DAMAGE as error:
        count += 1
        broken.append(f"it cannot be read: {_told(error)}")
    return Invariant(name, promise, tuple(broken), count, tuple(noted))


def listed(texts: Iterable[str], most: int = LISTED) -> list[str]:
    """The first of many texts, and how many more there are."""
    iterator = iter(texts)
    first = list(itertools.islice(iterator, most))
    more = sum(1 for _ in iterator)
    return [*first, f"… and {more:,} more"] if more else first


def _told(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, RunnerError) else f"{type(error).__name__}: {text[:200]}"
