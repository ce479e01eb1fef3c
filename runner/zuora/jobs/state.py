"""What following a job needs to know: how often to look, what is uploaded, what is kept on disk, how a case stands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from runner.domain.model import Request


@dataclass(frozen=True)
class Looks:
    """How often and how long one looks. Seconds."""

    first_seconds: float = 2.0
    longest_seconds: float = 60.0
    search_seconds: float = 600.0  # for an upload whose answer was lost
    patience_seconds: float = 900.0  # with a tenant that says nothing usable
    growth: float = 1.5


@dataclass(frozen=True)
class Upload:
    """A part, ready to go up."""

    type: str
    file: str
    content: bytes  # as it goes up: CSV, or a zip of it
    lines: Mapping[str, int]  # the run's line of each record, by its id
    id_header: str
    csv_bytes: int

    @property
    def checksum(self) -> str:
        """MD5, 32 hexadecimal characters: what "Create a data backfill job" asks for."""
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()


class Book(Protocol):
    """What is kept on disk: the uploads to come, and what was created."""

    async def upload(self, request: Request) -> Upload:
        """The part that a request uploads."""
        ...

    async def note(self, request: Request, name: str) -> None:
        """Note what a request created; returns once it is on disk."""
        ...

    async def tell(self, request: Request, status: str, counts: Mapping[str, Any]) -> None:
        """Note how far it has come."""
        ...


@dataclass
class Case:
    """One request and what is known of what it created."""

    job: str | None = None
    doubtful: bool = False  # an upload may have arrived
    resend: bool = False  # upload it again, once, if the list does not show it
    looks: int = 0
    searching_since: float | None = None
    silent_since: float | None = None
    reported: tuple[str, Any] | None = None
