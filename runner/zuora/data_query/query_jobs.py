"""The jobs of queries that belong together, remembered in a file until the work is complete.

The next try follows them instead of submitting them anew, as long as what they show is recent.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from runner.system.atomic_file import replacing
from runner.system.timestamps import now_microseconds

FRESH_SECONDS = 6 * 3600  # the server's patience with a job, and time to come back; what is older shows another time


class Remembered(msgspec.Struct, frozen=True):
    """A job, and when it was submitted (microseconds)."""

    id: str
    submitted_at: int


_decode = msgspec.json.Decoder(dict[str, Remembered]).decode


class QueryJobs:
    """By query. Without a path, nothing outlives the object."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._jobs: dict[str, Remembered] = {}
        if path is not None:
            self._jobs = _recent(path)

    def get(self, sql: str) -> Remembered | None:
        """The job of a query, if one was submitted."""
        return self._jobs.get(sql)

    def remember(self, sql: str, job_id: str) -> Remembered:
        """A query was submitted now."""
        self._jobs[sql] = job = Remembered(job_id, now_microseconds())
        self._write()
        return job

    def drop(self, sql: str) -> None:
        """The job of this query is of no use any more."""
        if self._jobs.pop(sql, None) is not None:
            self._write()

    def forget(self) -> None:
        """The work is complete: later queries want the tenant as it is then."""
        self._jobs = {}
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        with replacing(self._path) as file:
            file.write(msgspec.json.encode(self._jobs))


def _recent(path: Path) -> dict[str, Remembered]:
    """What the file remembers; nothing if it cannot be read."""
    try:
        jobs = _decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    oldest = now_microseconds() - FRESH_SECONDS * 1_000_000
    return {sql: job for sql, job in jobs.items() if job.submitted_at >= oldest}
