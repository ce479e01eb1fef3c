"""Rejected rows for people: one line for one problem of a manifest, however many rows have it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from manifests import Source
from runner.ledger import Store, queries

_BETWEEN = re.compile(r"; (?=[a-z]+(?:-[a-z]+)+: )")  # one rule's sentence and the next rule's name
_SHOWN_ROWS = 5


@dataclass
class Rejection:
    """One rule that rows of one manifest break: the first of these rows, how many there are, and the first sentence."""

    path: str
    rule: str
    sentence: str
    count: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, row: int) -> None:
        """Count a row."""
        self.count += 1
        if len(self.rows) < _SHOWN_ROWS:
            self.rows.append(row)

    def text(self, source: Source | None) -> str:
        """The line for people, rows as their own program numbers them."""
        if self.count == 1:
            where = source.where(self.rows[0]) if source else f"{self.path}, row {self.rows[0]:,}"
            return f"{where}: {self.rule}: {self.sentence}"
        numbers = [source.shown_row(row) if source else row for row in self.rows]
        more = f" and {self.count - len(numbers):,} more" if self.count > len(numbers) else ""
        rows = ", ".join(f"{number:,}" for number in numbers) + more
        name = source.name if source else self.path
        return f"{name}, {self.count:,} rows ({rows}): {self.rule}: {self.sentence}"


def rejections(store: Store) -> list[Rejection]:
    """All problems of a plan, in the order of their first rows."""
    grouped: dict[tuple[str, str], Rejection] = {}
    for path, row, problem in queries.every_problem(store):
        for part in _BETWEEN.split(problem):
            rule, _, sentence = part.partition(": ")
            grouped.setdefault((path, rule), Rejection(path, rule, sentence)).add(row)
    return list(grouped.values())


def lines(all_rejections: Sequence[Rejection], sources: Iterable[Source], most: int = 20) -> list[str]:
    """The problems as lines; the manifests that were read say how their rows are numbered."""
    by_path: Mapping[str, Source] = {source.path: source for source in sources}
    shown = [rejection.text(by_path.get(rejection.path)) for rejection in all_rejections[:most]]
    return shown + ([f"… and {len(all_rejections) - most} more problems"] if len(all_rejections) > most else [])
