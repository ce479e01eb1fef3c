"""Manifests × operation → requests, enrolled in the ledger in one pass. Sends nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from manifests import Checked, ManifestError, Source, checker, open_manifest
from runner.errors import Refused
from runner.identity import Identities, Place, canonical, fingerprint
from runner.ledger import Enrolment, Line, Manifest
from runner.ledger.enrol import NewRequest
from runner.zuora.operations import BY_TYPE, Operation, flags

_cells = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Step:
    """One operation in a run: `regenerate`, over manifests."""

    number: int
    does: str
    manifests: tuple[str, ...]
    type: str | None = None
    only_resend: bool = False
    re_migrate: bool = False
    skip_rejected: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """What was asked for besides the manifests."""
        names = ("type", "only_resend", "re_migrate", "skip_rejected")
        return {name: value for name, value in asdict(self).items() if name in names}

    @property
    def identifying(self) -> dict[str, Any]:
        """The options that decide what is sent: part of the run's fingerprint."""
        return {"do": self.does} | {name: value for name, value in self.options.items() if name != "skip_rejected"}


@dataclass(frozen=True)
class Target:
    """The tenant that a run is for, without its secrets."""

    base_url: str
    host: str
    tenant: str  # an id, or a digest of the client id
    entity_ids: tuple[str, ...] = ()
    org_ids: tuple[str, ...] = ()
    billing_id_field: str = "id"


class Opened:
    """The steps of a run with their manifests open: digests known, headers checked, nothing enrolled yet.

    Raises Refused for whatever a manifest or an option is not fit for.
    """

    def __init__(self, steps: Sequence[Step], target: Target, *, resend_unknown: bool = False) -> None:
        self.steps, self.target, self.resend_unknown = tuple(steps), target, resend_unknown
        self._stack = ExitStack()
        self.sources: dict[int, list[Source]] = {}
        try:
            for step in self.steps:
                self.sources[step.number] = [self._open(step, path) for path in step.manifests]
        except BaseException:
            self._stack.close()
            raise

    def _open(self, step: Step, path: str) -> Source:
        if step.only_resend and step.re_migrate:
            raise Refused("--only-resend and --re-migrate exclude each other: Zuora allows one of them")
        try:
            source = self._stack.enter_context(open_manifest(path))
            checker(source.columns, path=path, type=step.type, resend_unknown=self.resend_unknown)
        except ManifestError as error:
            raise Refused(str(error)) from error
        return source

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def digests(self) -> list[str]:
        """The SHA-256 of every manifest, in order."""
        return [source.digest.sha256 for sources in self.sources.values() for source in sources]

    @property
    def inputs(self) -> dict[str, Any]:
        """All that makes two runs the same, by name."""
        return {
            "manifests": self.digests,
            "steps": [[step.identifying, len(self.sources[step.number])] for step in self.steps],
            "host": self.target.host,
            "entity_ids": sorted(self.target.entity_ids),
            "org_ids": sorted(self.target.org_ids),
            "tenant": self.target.tenant,
        }

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the inputs."""
        return fingerprint(self.inputs.values())

    def enrol(self, ledger: Path, run: str, facts: Mapping[str, Any]) -> bool:
        """Read, check and enrol every row. Returns whether rows were rejected that nobody said to skip.

        Raises Refused if a manifest breaks off or is ragged; then nothing is left behind.
        """
        with Enrolment(ledger) as enrolment:
            enroller = _Enroller(enrolment, self, run)
            try:
                for step in self.steps:
                    enroller.step(step)
            except ManifestError as error:
                raise Refused(str(error)) from error
            status = "refused" if enroller.refused else "planned"
            enrolment.finish({**facts, "status": status})
        return enroller.refused


class _Enroller:
    """Turns batches of manifest rows into lines and requests."""

    def __init__(self, enrolment: Enrolment, opened: Opened, run: str) -> None:
        target = opened.target
        self._enrolment, self._opened = enrolment, opened
        self._place = Place(run, target.host, target.entity_ids, target.org_ids)
        self._line = 0
        self._manifest = 0
        self._identities: dict[str, Identities] = {}
        self.refused = False

    def step(self, step: Step) -> None:
        self._enrolment.step(step.number, step.does, step.options)
        query = flags(only_resend=step.only_resend, re_migrate=step.re_migrate)
        self._identities = {
            operation.name: Identities(self._place, operation.path, query, step.number)
            for operation in set(BY_TYPE.values())
        }
        for source in self._opened.sources[step.number]:
            self._source(step, source, urlencode(query))

    def _source(self, step: Step, source: Source, query: str) -> None:
        self._manifest += 1
        check = checker(
            source.columns, path=source.path, type=step.type, resend_unknown=self._opened.resend_unknown
        ).check
        rows = 0
        for batch in source.batches():
            checked = check(batch)
            cells = _texts([batch.frame[name].tolist() for name in source.columns])
            first = batch.first_row
            rows = max(rows, first + len(checked.types) - 1)
            self._batch(step, query, checked, cells, first)
        digest = source.digest
        manifest = Manifest(self._manifest, step.number, source.path, digest.sha256, digest.bytes, source.columns)
        self._enrolment.manifest(manifest, rows)

    def _batch(self, step: Step, query: str, checked: Checked, cells: list[str], first: int) -> None:
        lines: list[Line] = []
        requests: list[NewRequest] = []
        bodies = _bodies(checked, self._opened.target.billing_id_field)
        for at, (type_, body, problem) in enumerate(zip(checked.types, bodies, checked.problems, strict=True)):
            self._line += 1
            operation = BY_TYPE[type_] if type_ is not None else None
            accepted = problem is None and operation is not None
            name = operation.name if operation is not None else None
            request = self._line if accepted else None
            label = checked.objects[at]
            lines.append(Line(self._line, self._manifest, first + at, cells[at], name, type_, label, request, problem))
            if accepted and operation is not None:
                requests.append(self._request(step, operation, query, body, checked.lanes[at]))
        if len(requests) < len(lines) and not step.skip_rejected:
            self.refused = True
        self._enrolment.lines(lines)
        self._enrolment.requests(requests)

    def _request(self, step: Step, operation: Operation, query: str, body: bytes, lane: str | None) -> NewRequest:
        digest = self._identities[operation.name].digest(body)
        return NewRequest(
            self._line, step.number, operation.name, query, body.decode(), digest, _lane(lane or digest.hex())
        )


def _texts(columns: list[list[str | None]]) -> list[str]:
    """The cells of each row as a JSON array."""
    return [_cells(row).decode() for row in zip(*columns, strict=True)]


def _bodies(checked: Checked, billing_id_field: str) -> Iterator[bytes]:
    """The canonical body of each row: its type and the fields that are present."""
    names = [billing_id_field if name == "id" else name for name in checked.fields]
    if not names:
        return (canonical({"type": type_}) for type_ in checked.types)
    rows = zip(*checked.fields.values(), strict=True)
    return (
        canonical({"type": type_} | {name: value for name, value in zip(names, row, strict=True) if value is not None})
        for type_, row in zip(checked.types, rows, strict=True)
    )


def _lane(name: str) -> int:
    """A lane as a signed 64-bit number; lanes that collide merely wait for each other."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
