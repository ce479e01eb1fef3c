"""Which new requests repeat an earlier one, and which share a lane: found in memory, on 8 bytes of each digest.

Most plans share little or nothing. Then sorting two arrays answers in a fraction of the time that SQL takes for the
finished table; what does share is looked at exactly, in the ledger. A plan of more than `MOST` requests is left to SQL,
so that memory stays bounded.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Sequence
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[Any, np.dtype[np.int32]]

MOST = 1_000_000  # requests: 20 bytes each, and 8 while they are sorted
MOST_REPEATED = 100_000  # candidates that are looked at one by one
CHUNK = 10_000

SQL_REPEATED = """
CREATE TEMP TABLE repeated AS
SELECT request, first FROM (
    SELECT request, min(request) OVER (PARTITION BY digest) AS first FROM request
) WHERE request <> first;

UPDATE line SET request = repeated.first FROM repeated WHERE repeated.request = line.line;
DELETE FROM request WHERE request IN (SELECT request FROM repeated);
"""

SQL_LANES = """
CREATE TEMP TABLE shared AS
SELECT request, following, position FROM (
    SELECT request, lead(request) OVER lane AS following, row_number() OVER lane AS position
    FROM request WINDOW lane AS (PARTITION BY step, lane ORDER BY request)
) WHERE following IS NOT NULL OR position > 1;

UPDATE request SET following = shared.following, head = (shared.position = 1)
FROM shared WHERE shared.request = request.request;
"""

CANDIDATES = """
SELECT digest, request FROM request WHERE request IN (SELECT value FROM json_each(?)) ORDER BY request
"""


class Changed(NamedTuple):
    """The keys of the lines and requests that were changed or removed; None: it is not known which."""

    lines: list[int] | None
    requests: list[int] | None


class SharedKeys:
    """The digests and lanes of the requests of a plan, in the order of their numbers."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._given_up = False
        self._clear()

    def _clear(self) -> None:
        self._requests, self._lanes = array("i"), array("q")
        self._digests = bytearray()  # 8 bytes each
        self._steps: list[tuple[int, int]] = []  # a step, and the position of its first request

    def add(self, step: int, requests: Sequence[int], digests: Sequence[bytes], lanes: Sequence[int]) -> None:
        """Take the next requests of a step."""
        if self._given_up or len(self._requests) + len(requests) > self._most:
            self._given_up = True
            self._clear()
            return
        if not self._steps or self._steps[-1][0] != step:
            self._steps.append((step, len(self._requests)))
        self._requests.extend(requests)
        self._lanes.extend(lanes)
        self._digests += b"".join([digest[:8] for digest in digests])

    def settle(self, connection: Connection) -> Changed:
        """Remove what repeats an earlier request, and chain what shares a lane. In one transaction of the caller."""
        if self._given_up:
            return _by_sql(connection)
        if not self._requests:
            return Changed([], [])
        import numpy as np

        requests = np.frombuffer(self._requests, np.int32)
        repeated = self._repeated(connection, requests)
        if repeated is None:
            return _by_sql(connection)
        connection.executemany("UPDATE line SET request = ? WHERE line = ?", [(first, n) for n, first in repeated])
        connection.executemany("DELETE FROM request WHERE request = ?", [(number,) for number, _ in repeated])
        gone = [number for number, _ in repeated]
        chained: list[int] = []
        for links in self._links(requests, gone):
            connection.executemany("UPDATE request SET following = ?, head = ? WHERE request = ?", links)
            chained += [number for _, _, number in links]
        return Changed(gone, gone + chained)

    def _repeated(self, connection: Connection, requests: Numbers) -> list[tuple[int, int]] | None:
        """Requests that repeat an earlier one, each with the first; None if there are too many to look at."""
        import numpy as np

        beginnings = np.frombuffer(self._digests, np.int64)
        if not _any_repeated(beginnings):
            return []
        order = np.argsort(beginnings, kind="stable")
        same = beginnings[order[1:]] == beginnings[order[:-1]]
        shared = np.concatenate((same, [False])) | np.concatenate(([False], same))
        candidates = requests[order[shared]]
        if len(candidates) > MOST_REPEATED:
            return None
        first: dict[bytes, int] = {}
        rows = connection.execute(CANDIDATES, (json.dumps(candidates.tolist()),))
        return [
            (number, earliest) for digest, number in rows if (earliest := first.setdefault(digest, number)) < number
        ]

    def _links(self, requests: Numbers, gone: list[int]) -> Iterator[list[tuple[int | None, int, int]]]:
        """Of each request that shares its lane: the next one there, whether it is the first (1 or 0), its number."""
        import numpy as np

        lanes = np.frombuffer(self._lanes, np.int64)
        ends = [begin for _, begin in self._steps[1:]] + [len(requests)]
        for (_, begin), end in zip(self._steps, ends, strict=True):
            here, kept = lanes[begin:end], requests[begin:end]
            if gone:
                left = ~np.isin(kept, gone)
                here, kept = here[left], kept[left]
            if not _any_repeated(here):
                continue
            order = np.argsort(here, kind="stable")
            same = here[order[1:]] == here[order[:-1]]
            has_next, has_earlier = np.concatenate((same, [False])), np.concatenate(([False], same))
            positions = np.flatnonzero(has_next | has_earlier)
            numbers = kept[order]
            for chunk in (positions[at : at + CHUNK] for at in range(0, len(positions), CHUNK)):
                following = numbers[np.minimum(chunk + 1, len(numbers) - 1)].tolist()
                yield [
                    (after if more else None, 0 if later else 1, number)
                    for after, more, later, number in zip(
                        following, has_next[chunk].tolist(), has_earlier[chunk].tolist(), numbers[chunk].tolist(),
                        strict=True,
                    )
                ]  # fmt: skip


def _any_repeated(values: Any) -> bool:
    """Whether a value is there twice: by sorting a copy, which takes less memory than their order does."""
    import numpy as np

    ordered = np.sort(values)
    return bool((ordered[1:] == ordered[:-1]).any())


def _by_sql(connection: Connection) -> Changed:
    for statement in f"{SQL_REPEATED}{SQL_LANES}".split(";\n"):
        connection.execute(statement)
    return Changed(None, None)
