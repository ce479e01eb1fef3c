"""A check: a named property of a run that is proved or refuted, with the rows that refute it.

```
finder ─ texts ─▶ run_check ─┬─▶ passed
                             ├─▶ failed: the evidence is not what it should be (exit 3)
                             ├─▶ error: the check itself could not run (exit 1)
                             └─▶ skipped: there was no way to look, and the output says so
```
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from runner.domain.errors import ExitCode, RunnerError
from runner.system.counting import counted

LISTED = 20

# How damaged files show when they are read. Any other exception is a fault of the check, not of the evidence.
_DAMAGE = (RunnerError, OSError, UnicodeError, msgspec.MsgspecError, csv.Error)


def is_damage(error: BaseException) -> bool:
    """Whether an error shows that a file could not be read as what it should be."""
    from_arrow = type(error).__module__.startswith("pyarrow")  # without importing it
    decoding = type(error).__name__ == "JSONDecodeError"
    return isinstance(error, _DAMAGE) or from_arrow or decoding


@dataclass(frozen=True)
class Check:
    """The result of a check. `failures` lists the first ones, `count` is their number; `notes` are worth knowing.

    `error` says why the check could not run, `skipped` why nothing could be looked at.
    """

    name: str
    description: str
    failures: tuple[str, ...] = ()
    count: int = 0
    notes: tuple[str, ...] = ()
    error: str | None = None
    skipped: str | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing refutes the property. A skipped check passes: it says in its line that it saw nothing."""
        return self.count == 0 and self.error is None

    @property
    def word(self) -> str:
        """The result in one word."""
        if self.count:
            return "FAILED"
        if self.error is not None:
            return "ERROR"
        return "skipped" if self.skipped is not None else "ok"

    def lines(self) -> list[str]:
        """The check for people: a line, and what refutes it below."""
        details = [f"    {text}" for text in self.failures]
        if self.count > len(self.failures):
            details.append(f"    … and {self.count - len(self.failures):,} more")
        if self.error is not None:
            details.append(f"    the check could not run: {self.error}")
        if self.skipped is not None:
            details.append(f"    nothing was looked at: {self.skipped}")
        notes = [f"    note: {text}" for text in self.notes]
        return [f"{self.word:<7} {self.name}: {self.description}", *details, *notes]

    def document(self) -> dict[str, Any]:
        """The check as JSON shows it."""
        shown = {"name": self.name, "promise": self.description, "holds": self.passed, "count": self.count}
        more = {"broken": list(self.failures), "notes": list(self.notes)}
        return shown | more | {"error": self.error, "skipped": self.skipped}


def exit_code(checks: Sequence[Check]) -> ExitCode:
    """The exit code of some checks: evidence that fails outranks a check that could not run."""
    if any(check.count for check in checks):
        return ExitCode.ROWS_FAILED
    return ExitCode.SUCCEEDED if all(check.passed for check in checks) else ExitCode.FAULT


def conclusion(checks: Sequence[Check]) -> str:
    """The results of some checks in one sentence."""
    failed = [check.name for check in checks if check.count]
    errors = [check.name for check in checks if check.error is not None and not check.count]
    skipped = [check.name for check in checks if check.skipped is not None and check.passed]
    parts = []
    if failed:
        parts.append(f"{len(failed)} of {counted(len(checks), 'check')} failed: {', '.join(failed)}")
    if errors:
        parts.append(f"{counted(len(errors), 'check')} could not run: {', '.join(errors)}")
    if not parts:
        parts.append(f"all {counted(len(checks) - len(skipped), 'check')} passed")
    if skipped:
        parts.append(f"not looked at: {', '.join(skipped)}")
    return "; ".join(parts)


class Note(str):
    """A text that is worth knowing and refutes nothing."""

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

    def texts(self) -> tuple[str, ...]:
        more = self.count - len(self.first)
        return (*self.first, f"… and {more:,} more") if more else tuple(self.first)


def run_check(name: str, description: str, finder: Callable[[], Iterable[str]]) -> Check:
    """Run a check. `finder` yields what refutes the property, and `Note`s.

    Evidence that cannot be read for damage fails; any other exception means that the check could not run.
    """
    failures, notes = _Listing(), _Listing()
    error = None
    try:
        for text in finder():
            (notes if isinstance(text, Note) else failures).add(text)
    except Exception as exception:  # noqa: BLE001 - the frame around each check: the others still run
        if is_damage(exception):
            failures.add(f"cannot be read: {describe(exception)}")
        else:
            error = describe(exception)
    return Check(name, description, tuple(failures.first), failures.count, notes.texts(), error)


def describe(error: BaseException) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())
    return text if isinstance(error, RunnerError) else f"{type(error).__name__}: {text[:200]}"
