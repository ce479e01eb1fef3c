"""A `backfill` step: files of records → parts of at most 4 MB, one upload each; one line and one fate for every row.

Source: Zuora product documentation, "Data backfill": a .csv or a zipped .csv of at most 4 MB; a column whose name
begins with `#` is for reference only; a predefined column that is left in the file with empty cells writes nulls over
the records.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import PurePath

from manifests import Source
from manifests.schemas import folded
from runner.domain.errors import Refused
from runner.domain.identity import canonical
from runner.domain.steps import Backfill
from runner.ledger import Line
from runner.ledger.enrolment import Part, RequestRecord
from runner.plan.enroller import Enroller, lane, texts
from runner.system.counting import counted
from runner.system.csv_dialect import csv_text
from runner.zuora.operations import BACKFILL

MOST_BYTES = 4 * 1024 * 1024
MOST_UNZIPPED_BYTES = 64 * 1024 * 1024  # of a zipped part: what a person can still look at, and memory holds
TYPES = ("ProductRatePlanCharge", "RatePlanCharge", "InvoiceDetail", "MemoDetail", "InvoiceItemAdjustment")
REFERENCE = "#"
_ODD = re.compile("[^A-Za-z0-9_-]+")  # forms write it in different ways, and the name must be found in the list again
ZIP_SLACK = 2048  # names, directory, checksums

Cells = Sequence[str | None]


def refuse(work: Backfill) -> None:
    """Raises Refused for a type that is not published, unless the tenant's own template is compared."""
    if not work.template_check and work.type not in TYPES:
        raise Refused(f"{unknown_type(work.type)}; another type needs the tenant's template, so leave the check on")


def unknown_type(type_: str) -> str:
    """The message for a type that is not published and for which the tenant has no template either."""
    near = get_close_matches(type_, TYPES, n=1)
    more = f"did you mean {near[0]}?" if near else f"published are {', '.join(TYPES)}"
    return f"{type_!r} is not a published backfill type ({more})"


def refuse_header(work: Backfill, source: Source, template: Sequence[str] | None) -> None:
    """Raises Refused for columns that the tenant's template does not have, or none that names the record."""
    id_column(work.type, source, template)
    if template is None:
        return
    known = {folded(name): name for name in template}
    for column in source.columns:
        if column.startswith(REFERENCE) or column in template:
            continue
        near = known.get(folded(column)) or next(iter(get_close_matches(column, template, n=1)), None)
        more = f"did you mean {near!r}?" if near else "remove it, or let its name begin with # to keep it for reference"
        raise Refused(f"{source.path}: the tenant's template for {work.type} has no column {column!r}; {more}")


def id_column(type_: str, source: Source, template: Sequence[str] | None) -> int:
    """Which column names the record, from 0: the template's first; without one `ID` or `<type>Id`."""
    wanted = {folded(template[0])} if template else {"id", folded(type_) + "id"}
    matching = [at for at, column in enumerate(source.columns) if folded(column) in wanted]
    if len(matching) != 1:
        name = template[0] if template else "ID"
        raise Refused(f"{source.path}: no column {name!r} that names the records; add it")
    return matching[0]


def csv_line(cells: Cells) -> bytes:
    """One row as CSV; quoted where it must be."""
    return csv_text([cells]).encode()


def csv_bytes(header: Sequence[str], rows: Iterable[Cells]) -> bytes:
    """A part as CSV: always the same bytes for the same rows."""
    return b"".join([csv_line(header), *map(csv_line, rows)])


def zipped(name: str, content: bytes) -> bytes:
    """A zip of one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def enrol(enroller: Enroller, step: int, work: Backfill, sources: Iterable[Source]) -> None:
    """Enrol every row. Raises Refused for a header, ManifestError if a file breaks off or is ragged."""
    template = enroller.templates.get(work.type)
    rows = _Rows(enroller, step, work)
    for source in sources:
        refuse_header(work, source, template)
        rows.source(source, id_column(work.type, source, template))
    rows.tell_nulls()


class _Rows:
    """Turns rows into lines and parts."""

    def __init__(self, enroller: Enroller, step: int, work: Backfill) -> None:
        self._enroller, self._step, self._work = enroller, step, work
        self._identities = enroller.identities(BACKFILL, {}, step)
        self._seen: dict[str, int] = {}  # ids, and the line that has each
        self._parts = 0
        self._nulls = Counter[str]()  # empty cells, by column
        self._with_nulls = 0  # records that have any

    def tell_nulls(self) -> None:
        """Say how many records would get nulls, and in which columns."""
        if not self._with_nulls:
            return
        single = self._with_nulls == 1
        records = counted(self._with_nulls, "record")
        columns = f"{counted(len(self._nulls), 'column')} ({', '.join(self._nulls)})"
        if self._work.allow_nulls:
            self._enroller.notes.append(f"{records} {'gets' if single else 'get'} nulls in {columns}: --allow-nulls")
        else:
            self._enroller.notes.append(
                f"{records} {'has' if single else 'have'} empty cells in {columns}, which would write nulls over them: "
                "fill them in, remove the column, or use --allow-nulls"
            )

    def source(self, source: Source, id_at: int) -> None:
        """Enrol one file."""
        number, rows = self._enroller.next_manifest(), 0
        draft = self._draft(source)
        for batch in source.batches():
            columns = [batch.frame[name].tolist() for name in source.columns]
            earlier = self._enroller.unsettled(batch)
            lines = []
            for at, (row, cells) in enumerate(zip(zip(*columns, strict=True), texts(columns), strict=True)):
                line, source_row = self._enroller.next_line(), batch.rows[at]
                problem = self._problem(source.columns, row, id_at, line, earlier[at])
                encoded = csv_line(row) if problem is None else b""
                if problem is None and draft.too_long(encoded):
                    problem = (
                        f"row-too-long: the row alone has {len(encoded):,} bytes, and a part at most {MOST_BYTES:,}"
                    )
                if problem is None and not draft.fits(encoded):
                    self._close(draft, number, source, id_at)
                    draft = self._draft(source)
                request = draft.add(line, encoded) if problem is None else None
                label = str(row[id_at] or "") or None
                lines.append(
                    Line(line, number, source_row, cells, BACKFILL.name, self._work.type, label, request, problem, 1)
                )
                rows += 1
            self._enroller.enrolment.lines(lines)
            if any(line.problem for line in lines) and not self._work.skip_rejected:
                self._enroller.refused = True
        self._close(draft, number, source, id_at)
        self._enroller.manifest(number, self._step, source, rows)

    def _problem(self, columns: Sequence[str], row: Cells, id_at: int, line: int, earlier: str | None) -> str | None:
        """Everything that is wrong with a row."""
        problems = []
        name = (row[id_at] or "").strip()
        if not name:
            problems.append(f"id-missing: {columns[id_at]} is empty; fill it in or remove the row")
        elif (first := self._seen.setdefault(name, line)) != line:
            problems.append(f"id-repeated: row {first} of the run has the same {columns[id_at]}; remove one of them")
        if empty := _empty(columns, row, id_at):
            self._nulls.update(empty)
            self._with_nulls += 1
            if not self._work.allow_nulls:
                problems.append(f"cells-empty: {', '.join(empty)} would be written over with null")
        if earlier is not None:
            problems.append(earlier)
        return "; ".join(problems) or None

    def _draft(self, source: Source) -> Draft:
        return Draft(csv_line(source.columns), packed=self._work.zip)

    def _close(self, draft: Draft, manifest: int, source: Source, id_at: int) -> None:
        """Enrol a part that is whole."""
        if draft.first is None:
            return
        self._parts += 1
        sha256 = draft.sha256.hexdigest()
        suffix = "zip" if self._work.zip else "csv"
        stem = _ODD.sub("-", PurePath(source.path).name.split(".")[0])[:40].strip("-") or "stdin"
        file = f"{stem}-{self._enroller.run}-{self._step}-{self._parts}-{sha256[:12]}.{suffix}"
        body = canonical({"type": self._work.type, "file": file, "sha256": sha256})
        digest, queue = self._identities.digest(body), (self._parts - 1) % self._work.parallel_jobs
        request = RequestRecord(
            draft.first, self._step, BACKFILL.name, "", body.decode(), digest, lane(f"backfill {queue}")
        )
        self._enroller.enrolment.requests([request])
        part = Part(draft.first, manifest, file, draft.rows, draft.size, sha256, id_at, int(self._work.zip))
        self._enroller.enrolment.parts([part])


def _empty(columns: Sequence[str], row: Cells, id_at: int) -> list[str]:
    """The columns whose empty cells would write nulls over the record."""
    return [
        name
        for at, (name, cell) in enumerate(zip(columns, row, strict=True))
        if not (cell or "").strip() and at != id_at and not name.startswith(REFERENCE)
    ]


@dataclass
class Draft:
    """A part that grows row by row."""

    header: bytes
    packed: bool
    first: int | None = None  # the line of its first row: the number of its request
    rows: int = 0
    size: int = 0  # bytes of the CSV
    sha256: hashlib._Hash = field(init=False)
    _packing: zlib._Compress = field(init=False)
    _out: int = 0  # bytes that the packed rows take
    _since: int = 0  # bytes of rows that came after they were last counted

    def __post_init__(self) -> None:
        self.sha256 = hashlib.sha256(self.header)
        self.size = len(self.header)
        self._packing = zlib.compressobj(wbits=-15)
        self._pack(self.header)

    def too_long(self, row: bytes) -> bool:
        """Whether no part could hold the row."""
        return len(self.header) + len(row) + ZIP_SLACK > MOST_BYTES

    def fits(self, row: bytes) -> bool:
        """Whether the row has room in this part."""
        if not self.packed:
            return self.size + len(row) <= MOST_BYTES
        if self.size + len(row) > MOST_UNZIPPED_BYTES:
            return False
        if self._bound(row) > MOST_BYTES and self._since:
            self._count()
        return self._bound(row) <= MOST_BYTES

    def add(self, line: int, row: bytes) -> int:
        """Add a row. Returns the part's request."""
        self.first = line if self.first is None else self.first
        self.rows += 1
        self.size += len(row)
        self.sha256.update(row)
        self._pack(row)
        return self.first

    def _bound(self, row: bytes) -> int:
        """The most that the zip can have with this row: what cannot be packed grows by 5 bytes in 16 kB."""
        waiting = self._since + len(row)
        return self._out + waiting + waiting // 1000 + ZIP_SLACK

    def _pack(self, row: bytes) -> None:
        if self.packed:
            self._out += len(self._packing.compress(row))
            self._since += len(row)

    def _count(self) -> None:
        self._out += len(self._packing.flush(zlib.Z_SYNC_FLUSH))
        self._since = 0
