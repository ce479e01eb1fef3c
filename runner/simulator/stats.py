"""What the simulator counts, for `GET /_sim/stats`."""

from __future__ import annotations

from collections import Counter
from typing import Any


class Counts:
    """Counts since the start or the last reset."""

    def __init__(self) -> None:
        self.requests = 0  # all but those to /_sim/
        self.forget()

    def forget(self) -> None:
        """Begin anew; the ordinals of requests, too."""
        self.requests = 0
        self.tokens = 0
        self.collections = 0
        self.queries = 0
        self.queries_at_once = 0
        self.statuses: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.paths: Counter[str] = Counter()
        self.uploads: Counter[str] = Counter()
        self.seconds: Counter[int] = Counter()

    def arrive(self, method: str, path: str, now: float) -> int:
        """Count a request and return its ordinal, from 1."""
        self.requests += 1
        self.seconds[int(now)] += 1
        self.paths[f"{method} {path}"] += 1
        return self.requests

    def shown(self) -> dict[str, Any]:
        """All counts as JSON."""
        return {
            "requests": self.requests,
            "tokenRequests": self.tokens,
            "byStatus": dict(self.statuses),
            "byFault": dict(self.faults),
            "byPath": dict(self.paths),
            "uploads": dict(self.uploads),
            "collectionsStarted": self.collections,
            "dataQueries": {"submitted": self.queries, "peakConcurrency": self.queries_at_once},
            "bySecond": {str(second): count for second, count in self.seconds.items()},
        }
