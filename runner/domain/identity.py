"""Which request is which: the idempotency key and the track id.

    canonical = JSON, keys sorted at every level, no spaces, UTF-8, nothing escaped that need not be
    key       = "regen1-" + first 40 hex of SHA-256(canonical) + "-" + generation
    track id  = first 40 hex + "-" + attempt number

The form is a contract: a key that changed between two versions would do work twice. An Idempotency-Key has at
most 255 characters, a Zuora-Track-Id at most 64 of US-ASCII without `: ; " '` (Zuora API reference, headers).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

_encode = msgspec.json.Encoder(order="sorted").encode


def canonical(value: Any) -> bytes:
    """The one JSON text of a value."""
    return _encode(value)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a run's requests go: what makes the same body a different request elsewhere."""

    run: str
    host: str  # host[:port] of the base URL
    entities: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()


class Identities:
    """The identities of one operation's requests in one step.

    All of the identity but the body is the same for them, and `body` sorts first, so that the rest is
    encoded once.
    """

    def __init__(self, destination: Destination, path: str, query: Mapping[str, str], step: int = 1) -> None:
        rest: dict[str, Any] = {
            "v": 1,
            "run": destination.run,
            "host": destination.host,
            "entity": sorted(destination.entities),
            "orgs": sorted(destination.organizations),
            "method": "POST",
            "path": path,
            "query": dict(query),
        }
        if step > 1:
            rest["step"] = step
        self._tail = b"," + canonical(rest)[1:]

    def canonical(self, body: bytes | None) -> bytes:
        """The canonical identity of the request with this body, itself canonical JSON."""
        return b'{"body":' + (b"null" if body is None else body) + self._tail

    def digest(self, body: bytes | None) -> bytes:
        """The identity as 20 bytes: 40 hexadecimal characters of its SHA-256."""
        return hashlib.sha256(self.canonical(body)).digest()[:20]

    def digests(self, bodies: Iterable[str]) -> list[bytes]:
        """The digests of many bodies, each canonical JSON."""
        sha256, tail = hashlib.sha256, self._tail.decode()
        return [sha256(f'{{"body":{body}{tail}'.encode()).digest()[:20] for body in bodies]


def key(digest: str, generation: int) -> str:
    """The Idempotency-Key of a request's generation."""
    return f"regen1-{digest}-{generation}"


def track_id(digest: str, attempt: int) -> str:
    """The Zuora-Track-Id of a request's attempt, counted from 1."""
    return f"{digest}-{attempt}"


def fingerprint(values: Iterable[Any]) -> str:
    """SHA-256 (hexadecimal) over values: equal for two runs that have equal inputs."""
    return hashlib.sha256(canonical(list(values))).hexdigest()
