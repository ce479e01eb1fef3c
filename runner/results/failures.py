"""What to do about a failure, and which failures are the same: clusters by code and shape of the message.

Sources: Zuora API reference, "Error handling" (categories); `zuora/verdict.py` has tried again what waiting fixes.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from runner.ledger.queries import ResultLine, Trouble
from runner.zuora.categories import PERMISSION_NAME, category_word

EXAMPLES = 5
MOST_CLUSTERS = 500
OTHER = "(other messages)"


class Remedy(enum.StrEnum):
    """Who can fix a failure, and how."""

    DATA = "data"
    PERMISSION = "permission"
    WAIT = "wait"
    VENDOR = "vendor"


ADVICE: Mapping[Remedy, str] = {
    Remedy.DATA: "fix the rows (or the objects that they name), then send them again",
    Remedy.PERMISSION: (
        f"ask the tenant's administrator for the permission ({PERMISSION_NAME}, documented for the user interface), "
        "then send the rows again"
    ),
    Remedy.WAIT: "the tenant was busy or silent: try again later",
    Remedy.VENDOR: "open a ticket at Zuora Support; the ticket's text is ready-made",
}

_BY_CATEGORY = {
    "10": Remedy.PERMISSION,
    "11": Remedy.PERMISSION,
    "50": Remedy.WAIT,
    "60": Remedy.VENDOR,
    "61": Remedy.WAIT,
    "70": Remedy.WAIT,
    "99": Remedy.VENDOR,
}
_BY_STATUS = {401: Remedy.PERMISSION, 403: Remedy.PERMISSION, 408: Remedy.WAIT, 429: Remedy.WAIT}


def remedy(state: str, category: str | None, http_status: int | None) -> Remedy:
    """Who fixes a row that failed, is unknown or was rejected."""
    if state == "rejected":
        return Remedy.DATA
    if state == "unknown":
        return Remedy.WAIT
    if category is not None:
        return _BY_CATEGORY.get(category, Remedy.DATA)
    if http_status is None or http_status in (502, 503, 504):
        return Remedy.WAIT
    if http_status in _BY_STATUS:
        return _BY_STATUS[http_status]
    return Remedy.DATA if 400 <= http_status < 500 else Remedy.VENDOR


def remedy_of(line: ResultLine) -> Remedy:
    """Who fixes a result line."""
    return remedy(line.state, line.category, line.http_status)


_MASKS = (
    (re.compile(r"\"[^\"]*\"|'[^']*'|“[^”]*”"), "'…'"),
    (re.compile(r"(?<!HTTP )(?<![\w@/.-])[\w@/-]*\d[\w@/-]*(?:[.:][\w@/-]+)*"), "#"),
)


@lru_cache(10_000)
def shape(message: str) -> str:
    """A message without what changes from row to row: ids, numbers and what is quoted are masked."""
    for pattern, mask in _MASKS:
        message = pattern.sub(mask, message)
    return message


@dataclass
class Cluster:
    """Failures with the same code and the same shape of message."""

    remedy: Remedy
    state: str
    word: str  # our word for its category
    code: str | None
    shape: str
    message: str  # of the first row, as it was told
    count: int = 0
    rows: list[int] = field(default_factory=list)  # the first ones
    steps: set[int] = field(default_factory=set)

    def document(self) -> dict[str, Any]:
        """The cluster as JSON shows it."""
        names = ("remedy", "state", "word", "code", "shape", "message", "count", "rows")
        return {name: getattr(self, name) for name in names}


def clusters(troubles: Iterable[Trouble], *, most_rows: int = EXAMPLES) -> list[Cluster]:
    """The failures of a run, clustered; the largest first. Each names at most its first `most_rows` rows."""
    known: dict[tuple[Any, ...], Cluster] = {}
    for trouble in troubles:
        row, state, category, code, message, http_status, step = trouble
        word = _word(trouble)
        message = (message or word).removeprefix(f"{word}: ")
        telling = shape(message)
        key = (state, word, code, telling)
        if key not in known and len(known) >= MOST_CLUSTERS:
            telling = OTHER
            key = (state, word, code, telling)
        cluster = known.get(key)
        if cluster is None:
            mender = remedy(state, category, http_status)
            cluster = known[key] = Cluster(mender, state, word, code, telling, message)
        cluster.count += 1
        cluster.steps.add(step)
        if len(cluster.rows) < most_rows:
            cluster.rows.append(row)
    return sorted(known.values(), key=lambda cluster: (-cluster.count, cluster.rows))


def _word(trouble: Trouble) -> str:
    """Our word for a failure: of a rejected row, the rule that it broke."""
    if trouble.state == "rejected":
        rule, separator, _ = (trouble.message or "").partition(":")
        return rule if separator else "manifest"
    return category_word(trouble.state, trouble.category, trouble.http_status) or trouble.state


def by_remedy(all_clusters: Iterable[Cluster]) -> dict[Remedy, list[Cluster]]:
    """Clusters under the remedies that some of them need."""
    grouped: dict[Remedy, list[Cluster]] = {}
    for cluster in all_clusters:
        grouped.setdefault(cluster.remedy, []).append(cluster)
    return {remedy: grouped[remedy] for remedy in Remedy if remedy in grouped}
