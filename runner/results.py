"""The results: one line per manifest row, streamed out of the ledger to Parquet and CSV.

Files are written beside their place and renamed into it: they are either the old ones or the new ones.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from runner import csv_lines
from runner.failpoints import reach
from runner.identity import key, track_id
from runner.ledger import Store
from runner.ledger.views import ManifestFacts, ResultLine, lines, manifests
from runner.times import iso

if TYPE_CHECKING:
    import pyarrow as pa

_array = json.JSONEncoder(ensure_ascii=False).encode
_texts = msgspec.json.Decoder(list[str | None]).decode  # of cells, of ids

SCHEMA_VERSION = "1"
GROUP = 10_000

COLUMNS = (
    ("regen_run", "string"),
    ("regen_step", "int32"),
    ("regen_line", "int64"),
    ("regen_source", "string"),
    ("regen_row", "int64"),
    ("regen_operation", "string"),
    ("regen_type", "string"),
    ("regen_object", "string"),
    ("regen_state", "string"),
    ("regen_outcome", "string"),
    ("regen_id_list", "list"),
    ("regen_id_count", "int32"),
    ("regen_error_code", "string"),
    ("regen_error_category", "string"),
    ("regen_error_message", "string"),
    ("regen_http_status", "int32"),
    ("regen_key", "string"),
    ("regen_generation", "int32"),
    ("regen_attempts", "int32"),
    ("regen_replayed", "bool"),
    ("regen_track_id", "string"),
    ("regen_request_id", "string"),
    ("regen_process_id", "string"),
    ("regen_first_sent_at", "timestamp"),
    ("regen_settled_at", "timestamp"),
    ("regen_latency_ms", "float64"),
    ("regen_duplicate_of", "int64"),
)

CATEGORIES = {
    "10": "permission",
    "11": "authentication",
    "20": "invalid-value",
    "21": "unknown-field",
    "22": "missing-field",
    "23": "invalid-parameter",
    "27": "invalid-parameter",
    "30": "business-rule",
    "40": "not-found",
    "45": "unsupported",
    "50": "locking-contention",
    "60": "internal-error",
    "61": "temporary-error",
    "70": "too-many-requests",
    "90": "malformed-request",
    "99": "external-system",
    "job": "job",  # what a request created came to a bad end
    "record": "record",  # a row of a backfill part that its job did not take
}


KEYLESS = frozenset({"data-backfill"})  # operations that are sent without an Idempotency-Key


class Layout:
    """The columns of a run's results: the manifests' own, in order of first appearance, then ours."""

    def __init__(self, run: str, sources: Sequence[ManifestFacts]) -> None:
        self.run = run
        self.sources = sources
        self.own = tuple(dict.fromkeys(itertools.chain.from_iterable(source.columns for source in sources)))
        self._places = {source.number: self._place(source) for source in sources}

    @property
    def names(self) -> tuple[str, ...]:
        """All column names."""
        return (*self.own, *(name for name, _ in COLUMNS))

    @property
    def times(self) -> list[int]:
        """The places of the columns that hold times."""
        return [len(self.own) + at for at, (_, kind) in enumerate(COLUMNS) if kind == "timestamp"]

    def row(self, line: ResultLine) -> list[Any]:
        """The values of a line, in the order of `names`; times in microseconds, ids as a list."""
        cells = _texts(line.cells)
        own = [None if at is None else cells[at] for at in self._places[line.manifest]]
        return own + _fate(self.run, line)

    def _place(self, source: ManifestFacts) -> list[int | None]:
        at = {name: place for place, name in enumerate(source.columns)}
        return [at.get(name) for name in self.own]


def _fate(run: str, line: ResultLine) -> list[Any]:
    """Our columns of a line."""
    state = line.state
    begun: list[Any] = [
        run,
        line.step,
        line.line,
        line.path,
        line.row,
        line.operation,
        line.type,
        line.object,
        state,
        line.request_state or state,
    ]
    duplicate_of = [line.request if state == "duplicate" else None]
    if line.problem is not None:
        return [*begun, None, None, None, "manifest", line.problem, *[None] * 11, *duplicate_of]
    if line.request_state == "pending":
        return begun + _pending(line) + duplicate_of
    return begun + _settled(line) + duplicate_of


def _pending(line: ResultLine) -> list[Any]:
    tries, digest = line.pending_attempts or 0, line.digest or ""
    sent = [key_of(line, line.next_generation or 0), line.next_generation] if tries else [None, None]
    track = track_id(digest, tries) if tries else None
    return [*[None] * 6, *sent, tries, None, track, None, None, line.pending_first_sent_at, None, None]


def key_of(line: ResultLine, generation: int) -> str | None:
    """The idempotency key of a line's request; None for an upload, which is sent without one."""
    return None if line.operation in KEYLESS else key(line.digest or "", generation)


def _settled(line: ResultLine) -> list[Any]:
    ids = _texts(line.ids or "[]") if line.outcome == "succeeded" else None
    generation, attempts, digest = line.generation or 0, line.attempts or 0, line.digest or ""
    return [
        ids,
        None if ids is None else len(ids),
        line.code,
        category_word(line.outcome, line.category, line.http_status),
        line.message,
        line.http_status,
        key_of(line, generation),
        generation,
        attempts,
        bool(line.replayed),
        track_id(digest, attempts),
        line.request_id,
        line.process_id,
        line.first_sent_at,
        line.settled_at,
        line.latency_ms,
    ]


def category_word(outcome: str | None, category: str | None, http_status: int | None) -> str | None:
    """Our word for what went wrong: Zuora's category, else what HTTP or the network said."""
    if outcome == "succeeded":
        return None
    if category is not None:
        return CATEGORIES.get(category, f"category-{category}")
    return "no-answer" if http_status is None else f"http-{http_status}"


# -- writing ----------------------------------------------------------------------------------------------------


def write_views(store: Store, folder: Path, formats: Iterable[str], run: str) -> list[Path]:
    """Write the results in the formats asked for, and errors.csv. Returns the files."""
    layout = Layout(run, manifests(store))
    written = []
    if "parquet" in formats:
        written.append(write_parquet(folder / "results.parquet", layout, lines(store)))
    if "csv" in formats:
        written.append(write_csv(folder / "results.csv", layout, lines(store)))
    written.append(write_csv(folder / "errors.csv", layout, lines(store, only_errors=True)))
    return written


def write_csv(place: Path, layout: Layout, results: Iterable[ResultLine]) -> Path:
    """Write lines as CSV that is safe to open in a spreadsheet."""
    with replacing(place) as file:
        render_csv(file, layout, results)
    return place


def render_csv(file: Any, layout: Layout, results: Iterable[ResultLine]) -> None:
    """Write lines as CSV into an open binary file."""
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer = csv_lines.writer(text)
    writer.writerow(csv_header(layout))
    writer.writerows(csv_row(layout, line) for line in results)
    text.detach()


def csv_header(layout: Layout) -> list[str]:
    """The header of a CSV of results."""
    return [safe(name) for name in layout.names]


def csv_row(layout: Layout, line: ResultLine) -> list[str]:
    """The cells of a line in a CSV of results."""
    values = layout.row(line)
    for at in layout.times:
        values[at] = _iso(values[at])
    return [_cell(value) for value in values]


def write_parquet(place: Path, layout: Layout, results: Iterable[ResultLine]) -> Path:
    """Write lines as Parquet, in groups of rows."""
    import pyarrow.parquet as pq

    schema = parquet_schema(layout)
    with replacing(place) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for table in parquet_groups(layout, results, schema):
            writer.write_table(table)
    return place


def parquet_groups(layout: Layout, results: Iterable[ResultLine], schema: pa.Schema) -> Iterator[pa.Table]:
    """Lines as the tables that results.parquet holds, one a group of rows."""
    import pyarrow as pa

    for rows in _groups(map(layout.row, results), GROUP):
        columns = [
            pa.array(column, type=field.type) for column, field in zip(zip(*rows, strict=True), schema, strict=True)
        ]
        yield pa.Table.from_arrays(columns, schema=schema)


def parquet_schema(layout: Layout) -> pa.Schema:
    """The schema of results.parquet, with the run and the manifests' digests in its metadata."""
    import pyarrow as pa

    types: dict[str, Callable[[], Any]] = {
        "string": pa.string,
        "int32": pa.int32,
        "int64": pa.int64,
        "float64": pa.float64,
        "bool": pa.bool_,
        "list": lambda: pa.list_(pa.string()),
        "timestamp": lambda: pa.timestamp("us", tz="UTC"),
    }
    fields = [pa.field(name, pa.string()) for name in layout.own]
    fields += [pa.field(name, types[kind]()) for name, kind in COLUMNS]
    digests = [{"path": source.path, "sha256": source.sha256} for source in layout.sources]
    metadata = {
        "regen_run": layout.run,
        "regen_schema_version": SCHEMA_VERSION,
        "regen_manifests": json.dumps(digests, ensure_ascii=False),
    }
    return pa.schema(fields, metadata=metadata)


@contextlib.contextmanager
def replacing(place: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes its place when it is whole and on disk."""
    draft = place.with_name(f".{place.name}.new")
    try:
        handle = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        reach("drafting-view")
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


def _groups(rows: Iterable[list[Any]], size: int) -> Iterator[list[list[Any]]]:
    iterator = iter(rows)
    while group := list(itertools.islice(iterator, size)):
        yield group


_RISKY = frozenset("=+-@\t\r'")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; the loader takes the `'` off again."""
    if text[:1] in _RISKY and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    kind = type(value)
    if kind is str:
        return safe(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is list:
        return _array(value)
    return repr(value)


def _iso(microseconds: int | None) -> str | None:
    return None if microseconds is None else iso(microseconds)
