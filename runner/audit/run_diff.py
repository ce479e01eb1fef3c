"""Two runs compared, object by object: newly failing, fixed, still failing, appeared, disappeared, other ids.

An object is what a row names: its operation, its type and its identifier as people see it. The same object asked for in
two steps, or in two ways, counts once, with its worst fate.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.ledger.comparison import Change, Fates
from runner.ledger.queries import TROUBLED
from runner.results.columns import mode_of_query
from runner.runs.folder import RunFolder
from runner.runs.known_runs import known_runs
from runner.system.counting import counted

MOST_LISTED = 20  # for people
MOST_KEPT = 100_000  # of each kind, as JSON

KINDS = {
    "newly failing": "succeeded then, fails now",
    "appeared failing": "not requested then, fails now",
    "pending failing": "had no outcome then, fails now",
    "still failing": "failed then, fails now",
    "fixed": "failed then, succeeds now",
    "ids changed": "succeeded both times, with other ids",
    "appeared": "not requested then",
    "disappeared": "requested then, not now",
    "pending": "has no outcome in one of the runs",
}
NEW = ("newly failing", "appeared failing", "pending failing")


@dataclass
class Kind:
    """The objects that changed in one way: how many, and which."""

    name: str
    count: int = 0
    objects: list[Change] = field(default_factory=list)

    def add(self, change: Change) -> None:
        """Count an object."""
        self.count += 1
        if len(self.objects) < MOST_KEPT:
            self.objects.append(change)


@dataclass(frozen=True)
class Difference:
    """How a run differs from an earlier one. `failing_runs`: for how many runs in a row an object fails, by name."""

    before: str
    after: str
    kinds: dict[str, Kind]
    failing_runs: dict[str, int]
    modes: dict[tuple[str, str], int] = field(default_factory=dict)  # objects of both runs by mode then and now

    @property
    def new_failures(self) -> int:
        """Objects that fail now and did not then."""
        return sum(self.kinds[name].count for name in NEW)

    def document(self) -> dict[str, Any]:
        """The difference as JSON shows it."""
        shown = {
            name: {"count": kind.count, "objects": [self._shown(change) for change in kind.objects]}
            for name, kind in self.kinds.items()
        }
        modes = [{"before": then, "after": now, "objects": count} for (then, now), count in self.modes.items()]
        heads = {"before": self.before, "after": self.after, "new_failures": self.new_failures}
        return heads | {"modes": modes, "kinds": shown}

    def _shown(self, change: Change) -> dict[str, Any]:
        runs = self.failing_runs.get(change.name)
        shown = change._asdict()
        queries = (shown.pop("query_before"), shown.pop("query_after"))
        shown["mode_before"], shown["mode_after"] = map(_mode, queries)
        return shown | ({} if runs is None else {"failing_runs": runs})

    def lines(self) -> Iterator[str]:
        """The difference for people: a table, then the first of each kind."""
        yield f"{self.before} → {self.after}"
        named = {} if self.modes.keys() <= {("default", "default")} else self.modes
        for (then, now), count in named.items():
            objects = counted(count, "object")
            yield f"  mode {then}, {objects}" if then == now else f"  mode {then} then, {now} now: {objects}"
        for name, kind in self.kinds.items():
            if kind.count:
                yield f"  {kind.count:>9,}  {name:<17} {KINDS[name]}"
        if not any(kind.count for kind in self.kinds.values()):
            yield "  nothing differs"
        for name in (*NEW, "still failing", "fixed", "ids changed"):
            yield from self._listing(self.kinds[name])

    def _listing(self, kind: Kind) -> Iterator[str]:
        if kind.count:
            yield f"{kind.name}:"
        for change in kind.objects[:MOST_LISTED]:
            runs = self.failing_runs.get(change.name)
            since = f", for {runs} runs" if runs else ""
            yield f"  {change.name}{since}: {_description(kind.name, change)}{_mode_change(change)}"
        if kind.count > MOST_LISTED:
            yield f"  … and {kind.count - MOST_LISTED:,} more"


def _description(kind: str, change: Change) -> str:
    if kind == "ids changed":
        return f"{change.ids_before} then, {change.ids_after} now (row {change.row_after})"
    if kind == "fixed":
        return f"{change.message_before or change.before} then (row {change.row_before}), succeeded now"
    return f"{change.message_after or change.after} (row {change.row_after})"


def _mode(query: str | None) -> str | None:
    return None if query is None else mode_of_query(query)


def _mode_change(change: Change) -> str:
    then, now = _mode(change.query_before), _mode(change.query_after)
    return f"; sent as {then} then, as {now} now" if then and now and then != now else ""


def kind_of(change: Change) -> str | None:
    """How an object changed; None if it did not."""
    before, after = change.before, change.after
    if after is None:
        return "disappeared"
    if before is None:
        return "appeared failing" if after in TROUBLED else "appeared"
    if before == "pending" and after in TROUBLED:
        return "pending failing"
    if "pending" in (before, after):
        return None if before == after else "pending"
    if after in TROUBLED:
        return "still failing" if before in TROUBLED else "newly failing"
    if before in TROUBLED:
        return "fixed"
    return "ids changed" if _ids(change.ids_before) != _ids(change.ids_after) else None


def _ids(text: str | None) -> frozenset[str]:
    """The ids in JSON arrays, in whatever order the API told them."""
    return frozenset(re.findall(r'"([^"]*)"', text or ""))


def diff(before: RunFolder, after: RunFolder, earlier: Sequence[RunFolder] = ()) -> Difference:
    """How a run differs from an earlier one. `earlier` are the runs before both, the latest first: they tell for how
    many runs in a row an object has been failing."""
    kinds = {name: Kind(name) for name in KINDS}
    modes = Counter[tuple[str, str]]()
    with Fates() as fates:
        fates.load("before", before.ledger)
        fates.load("after", after.ledger)
        for change in fates.changes():
            name = kind_of(change)
            then, now = _mode(change.query_before), _mode(change.query_after)
            if then and now:
                modes[then, now] += 1
            if name is not None:
                kinds[name].add(change)
        still = dict.fromkeys((change.name for change in kinds["still failing"].objects), 2)
    _count_back(still, earlier)
    return Difference(before.id, after.id, kinds, still, dict(modes.most_common()))


def _count_back(still: dict[str, int], earlier: Sequence[RunFolder]) -> None:
    """For each object that still fails, one more for every run before in which it failed, without a gap."""
    open_ = set(still)
    for run in earlier:
        if not open_:
            return
        with Fates() as fates:
            fates.load("before", run.ledger)
            states = fates.states("before", open_)
        failing = {name for name, state in states.items() if state in TROUBLED}
        for name in failing:
            still[name] += 1
        open_ -= {name for name in states if name not in failing}


def _started(run: RunFolder) -> str:
    document = run.document()
    return "" if document is None else document.started_at or ""


def runs_before(runs: Path, *than: RunFolder) -> list[RunFolder]:
    """The runs that began before all of these and were not merely planned, the latest first."""
    begun = min((_started(run) for run in than), default="")
    earlier = []
    for run in known_runs(runs):
        started = run.brief.started_at
        if started and started < begun and run.folder.ledger.exists():
            earlier.append((started, run.folder))
    return [run for _, run in sorted(earlier, key=lambda pair: pair[0], reverse=True)]
