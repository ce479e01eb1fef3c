"""A `regenerate` step: the rows of its manifests → requests of the operations that their types name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import manifests
from manifests import Reading, Source
from manifests.artefacts import Notes
from runner.domain.identity import Identities, canonical
from runner.domain.steps import Regenerate
from runner.ledger import Line
from runner.ledger.enrolment import AlikeRows, RequestRecord
from runner.plan.enroller import Enroller, lane, lanes, texts
from runner.plan.modes import EarlierRows, resolved
from runner.plan.uniform_batch import uniform_bodies
from runner.system.counting import counted
from runner.zuora.operations import BY_TYPE, Operation, flags, parameters

if TYPE_CHECKING:
    from manifests import Checked, Checker


def refuse(work: Regenerate) -> None:
    """Raises Refused for options that exclude each other."""
    resolved(work)


def reading(work: Regenerate) -> Reading:
    """How the manifests of a step are read."""
    return Reading(work.sheet, work.header_row, work.encoding, work.hidden, work.literal, work.by)


def checker(work: Regenerate, source: Source, *, resend_unknown: bool) -> Checker:
    """The checker of one manifest. Raises ManifestError if its columns cannot serve."""
    type = work.types.get(source.path, work.type)
    return manifests.checker(
        source.columns, path=source.path, type=type, resend_unknown=resend_unknown, reading=reading(work)
    )


def enrol(enroller: Enroller, step: int, work: Regenerate, sources: Iterable[Source]) -> None:
    """Enrol every row. Raises ManifestError if a manifest breaks off or is ragged."""
    rows = _Rows(enroller, step, work)
    for source in sources:
        rows.source(source)
    rows.tell_flags()


class _Rows:
    """Turns batches of manifest rows into lines and requests."""

    def __init__(self, enroller: Enroller, step: int, work: Regenerate) -> None:
        self._enroller, self._step, self._work = enroller, step, (work := resolved(work))
        self._query = flags(only_resend=work.only_resend, re_migrate=work.re_migrate)
        self._encoded = urlencode(self._query)
        self._identities = {
            operation.name: enroller.identities(operation, self._flags(operation), step)
            for operation in set(BY_TYPE.values())
        }
        self._unflagged = Counter[str]()  # rows that are asked for without the flags, by operation

    def tell_flags(self) -> None:
        """Warn about rows whose operation does not take the flags."""
        for name, rows in sorted(self._unflagged.items()):
            parameters = " and ".join(self._query)
            warning = f"{counted(rows, f'{name} row')} {'goes' if rows == 1 else 'go'} without {parameters}"
            self._enroller.notes.append(f"{warning}: the operation does not take it")

    def source(self, source: Source) -> None:
        """Enrol one manifest."""
        number = self._enroller.next_manifest()
        check = checker(self._work, source, resend_unknown=self._enroller.resend_unknown).check
        rows, notes, earlier = 0, Notes(), EarlierRows(source.path)
        for batch in source.batches():
            earlier.note(batch)
            checked = check(batch)
            cells = texts([batch.frame[name].tolist() for name in source.columns])
            rows += len(checked.types)
            if not self._uniform(number, checked, cells, batch.rows):
                self._batch(number, checked, cells, batch.rows)
            for note in checked.notes:
                notes.add(note.finding, batch.rows[note.position], note.text)
        self._enroller.notes += notes.lines(source.name, source.shown_row(0))
        earlier.refuse_other_modes(self._work)
        self._enroller.parents.update(earlier.runs)
        self._enroller.manifest(number, self._step, source, rows)

    def _uniform(self, manifest: int, checked: Checked, cells: list[str], rows: Sequence[int]) -> bool:
        """Enrol a batch of one type column by column; False if it must be taken row by row."""
        uniform = uniform_bodies(checked, self._enroller.target.billing_id_field)
        if uniform is None:
            return False
        operation, bodies = uniform
        name, encoded = operation.name, self._encoded if operation.flagged else ""
        numbers = self._enroller.next_lines(len(bodies))
        digests = self._identities[name].digests(bodies)
        lanes_ = lanes([named or digest.hex() for named, digest in zip(checked.lanes, digests, strict=True)])
        alike = AlikeRows(
            manifest,
            self._step,
            name,
            checked.types[0] or "",
            encoded,
            numbers,
            rows,
            cells,
            checked.objects,
            bodies,
            digests,
            lanes_,
        )
        self._enroller.enrolment.alike(alike)
        if self._query and not operation.flagged:
            self._unflagged[name] += len(bodies)
        return True

    def _batch(self, manifest: int, checked: Checked, cells: list[str], rows: Sequence[int]) -> None:
        lines: list[Line] = []
        requests: list[RequestRecord] = []
        contents = _contents(checked, self._enroller.target.billing_id_field)
        for at, (type_, (query, body), problem) in enumerate(
            zip(checked.types, contents, checked.problems, strict=True)
        ):
            line = self._enroller.next_line()
            operation = BY_TYPE[type_] if type_ is not None else None
            accepted = problem is None and operation is not None
            name = operation.name if operation is not None else None
            request = line if accepted else None
            label = checked.objects[at]
            lines.append(Line(line, manifest, rows[at], cells[at], name, type_, label, request, problem))
            if accepted and operation is not None:
                requests.append(self._request(line, operation, query, body, checked.lanes[at]))
                if self._query and not operation.flagged:
                    self._unflagged[operation.name] += 1
        if len(requests) < len(lines) and not self._work.skip_rejected:
            self._enroller.refused = True
        self._enroller.enrolment.lines(lines)
        self._enroller.enrolment.requests(requests)

    def _request(
        self, line: int, operation: Operation, query: dict[str, str], body: bytes | None, lane_name: str | None
    ) -> RequestRecord:
        identities, encoded = self._identities[operation.name], self._encoded if operation.flagged else ""
        if query:
            identities, encoded = self._queried(operation, query), urlencode(query)
        digest = identities.digest(body)
        text = None if body is None else body.decode()
        return RequestRecord(line, self._step, operation.name, encoded, text, digest, lane(lane_name or digest.hex()))

    def _queried(self, operation: Operation, query: dict[str, str]) -> Identities:
        return self._enroller.identities(operation, self._flags(operation) | query, self._step)

    def _flags(self, operation: Operation) -> dict[str, str]:
        return self._query if operation.flagged else {}


def _contents(checked: Checked, billing_id_field: str) -> Iterator[tuple[dict[str, str], bytes | None]]:
    """The query and the canonical body of each row."""
    names = [billing_id_field if name == "id" else name for name in checked.fields]
    rows: Iterable[Sequence[Any]] = zip(*checked.fields.values(), strict=True)
    for type_, row in zip(checked.types, rows, strict=True):
        operation = BY_TYPE[type_] if type_ is not None else None
        fields = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        if operation is None or operation.typed:
            yield {}, canonical({"type": type_} | fields)
        else:
            yield _divided(operation, fields)


def _divided(operation: Operation, fields: dict[str, Any]) -> tuple[dict[str, str], bytes | None]:
    """The fields that go into the query, and those that go into the body, if any do."""
    query = parameters({name: value for name, value in fields.items() if name in operation.parameters})
    body = {name: value for name, value in fields.items() if name not in operation.parameters}
    return query, canonical(body) if body else None
