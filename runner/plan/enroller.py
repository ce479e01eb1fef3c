"""What enrolling the steps of a run has in common: the count of lines and manifests, identities, lanes.

Each kind of step turns its rows into lines and requests with it: `regenerate`, `backfill`, `journal_runs`.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

import manifests
from manifests import Batch, Source
from runner.domain.identity import Destination, Identities
from runner.ledger import Enrolment, Line, Manifest
from runner.ledger.enrolment import RequestRecord
from runner.zuora.operations import Operation

_cells = msgspec.json.Encoder(enc_hook=str).encode  # of a cell that is no text: what it shows
NO_BYTES_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Target:
    """The tenant that a run is for, without its secrets."""

    base_url: str
    host: str
    tenant: str  # an id, or a digest of the client id
    entity_ids: tuple[str, ...] = ()
    org_ids: tuple[str, ...] = ()
    billing_id_field: str = "id"


@dataclass
class Enroller:
    """The ledger that grows, and how far it has grown."""

    enrolment: Enrolment
    run: str
    target: Target
    resend_unknown: bool = False
    templates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the tenant's own, by type
    lines: int = 0
    manifests: int = 0
    refused: bool = False  # rows were rejected that nobody said to skip
    sheets: list[str | None] = field(default_factory=list)  # of the manifests enrolled: the sheet of a workbook
    parents: dict[str, None] = field(default_factory=dict)  # the earlier runs that rows come from, in order
    notes: list[str] = field(default_factory=list)  # what a person must know before anything is sent

    def unsettled(self, batch: Batch) -> list[str | None]:
        """Of each row that an earlier run has left open: why it is not sent under a new key. None for all others."""
        if batch.regen is None or self.resend_unknown:
            return [None] * len(batch.frame)
        return [rule and f"{rule}: {manifests.UNSETTLED[rule]}" for rule in manifests.unsettled(batch.regen)]

    def next_line(self) -> int:
        """The number of the next line of the run."""
        self.lines += 1
        return self.lines

    def next_lines(self, count: int) -> range:
        """The numbers of the next lines of the run."""
        self.lines += count
        return range(self.lines - count + 1, self.lines + 1)

    def next_manifest(self) -> int:
        """The number of the next manifest of the run."""
        self.manifests += 1
        return self.manifests

    def manifest(self, number: int, step: int, source: Source, rows: int) -> None:
        """Enrol a manifest, once its rows are counted."""
        digest = source.digest
        opened = Manifest(number, step, source.path, digest.sha256, digest.bytes, source.columns)
        self.enrolment.manifest(opened, rows)
        self.notes += source.notes
        self.sheets.append(getattr(source, "sheet", None))

    def identities(self, operation: Operation, query: Mapping[str, str], step: int) -> Identities:
        """The identities of an operation's requests with this query."""
        destination = Destination(self.run, self.target.host, self.target.entity_ids, self.target.org_ids)
        return Identities(destination, operation.path, query, step)

    def alone(self, step: int, operation: Operation, body: bytes | None, label: str) -> None:
        """Enrol a step that reads no manifest: one line without cells, one request."""
        line, manifest = self.next_line(), self.next_manifest()
        digest = self.identities(operation, {}, step).digest(body)
        self.enrolment.lines([Line(line, manifest, 1, "[]", operation.name, None, label, line, None)])
        text = None if body is None else body.decode()
        self.enrolment.requests([RequestRecord(line, step, operation.name, "", text, digest, lane(operation.name))])
        self.enrolment.manifest(Manifest(manifest, step, "", NO_BYTES_SHA256, 0, ()), 1)
        self.sheets.append(None)


def lane(name: str) -> int:
    """A lane as a signed 64-bit number; lanes that collide merely wait for each other."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)


def lanes(names: Sequence[str]) -> Sequence[int]:
    """The lane of each name."""
    hashes = [hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names]
    return struct.unpack(f">{len(hashes)}q", b"".join(hashes))


def texts(columns: Sequence[Sequence[str | None]]) -> list[str]:
    """The cells of each row as a JSON array."""
    return [_cells(row).decode() for row in zip(*columns, strict=True)]
