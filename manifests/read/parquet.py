"""Parquet: typed columns, turned into the text that a CSV of the same data would hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from math import isnan
from typing import TYPE_CHECKING, Any
from uuid import UUID

from manifests.errors import UnreadableManifest, location
from manifests.read.frames import Piece, checked_headers, filled, framed
from manifests.read.plain_columns import piece_of
from manifests.read.raw_file import Origin
from manifests.read.typed import Typed, whole

if TYPE_CHECKING:
    from pyarrow import Array

_BUFFER_BYTES = 64 * 1024
_QUICK_ROWS = 65_536


class Parquet:
    """A manifest in Parquet. Read in pieces, whatever the size of its row groups."""

    escaped = False
    sheet: str | None = None
    notes: Sequence[str] = ()
    header_row = 0
    unit = "row"

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        with self._open() as file:
            self.headers = checked_headers(file.schema_arrow.names, location(origin.path))

    def frames(self, rows: int) -> Iterator[Piece]:
        """The rows, in pieces of at most `rows`. Raises ManifestError if the file is damaged."""
        with self._open() as file:
            first = 1
            for batch in file.iter_batches(batch_size=rows, columns=list(self.headers), use_threads=False):
                frame = framed(list(map(text_of, batch.columns)), self.headers, batch.num_rows)
                yield from _without_empty_rows(Piece(frame, range(first, first + batch.num_rows)))
                first += batch.num_rows

    def quick_frames(self, columns: Sequence[str]) -> Iterator[Piece]:
        """Some columns of the rows, quickly. Raises NotPlain where `frames` has to go on."""
        with self._open() as file:
            first = 1
            for batch in file.iter_batches(batch_size=_QUICK_ROWS, columns=list(columns), use_threads=False):
                yield piece_of([_quick_text(batch.column(name)) for name in columns], columns, first)
                first += batch.num_rows

    @contextmanager
    def _open(self) -> Iterator[Any]:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile

        with self._origin.raw() as raw:
            try:
                with ParquetFile(raw, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
                    yield file
            except (ArrowException, UnicodeDecodeError, OSError) as error:
                if isinstance(error, OSError) and error.errno:
                    raise  # of the disk, not of the format
                reason = str(error).splitlines()[0]
                raise UnreadableManifest(
                    f"{location(self._origin.path)}: damaged Parquet, or text that is not UTF-8 ({reason}); write it "
                    "again"
                ) from None


def _without_empty_rows(piece: Piece) -> Iterator[Piece]:
    frame = piece.frame
    if all(frame.iloc[:, 0].tolist()):  # not Series.all, which leaves out None
        yield piece
        return
    kept = [at for at, cells in enumerate(frame.itertuples(index=False, name=None)) if filled(cells)]
    if kept:
        yield Piece(frame.iloc[kept].reset_index(drop=True), [piece.rows[at] for at in kept])


def _quick_text(column: Array) -> Any:
    """As `text_of`, but moments are plain texts."""
    from pyarrow import types

    return _moments(column) if types.is_timestamp(column.type) else text_of(column)


def _moments(column: Array) -> Any:
    from pyarrow import compute, string

    return compute.replace_substring(compute.cast(column, string()), " ", "T").to_numpy(zero_copy_only=False)


def text_of(column: Array) -> Any:
    """A column as text, None for null; what is neither text nor a whole number is a `Typed` cell: `true`, `2026-11-30`,
    `12.50`; floats as Python writes them. What is no number (NaN) is nothing, and no object called `nan`."""
    from pyarrow import compute, string, types

    kind = column.type
    if types.is_dictionary(kind):
        return text_of(column.dictionary_decode())
    if types.is_string(kind) or types.is_large_string(kind):
        return column.to_numpy(zero_copy_only=False)
    if types.is_integer(kind):
        texts = compute.cast(column, string()).to_numpy(zero_copy_only=False)
        return _signed(texts) if (compute.min(column).as_py() or 0) < 0 else texts
    if types.is_timestamp(kind):
        return [None if text is None else Typed(text, "a date and time") for text in _moments(column)]
    if types.is_date(kind) or types.is_time(kind):
        texts = compute.cast(column, string()).to_pylist()
        return [None if text is None else Typed(text, "a date or time") for text in texts]
    return _each_once(column.to_pylist(), str(kind))


def _signed(texts: Any) -> list[str | None]:
    """Whole numbers as text; one below zero is no identifier, as in every other format."""
    return [Typed(text, "a negative number", integer=text) if text and text[0] == "-" else text for text in texts]


def _each_once(values: list[Any], kind: str) -> list[str | None]:
    """The text of each value; equal values of a simple kind share one."""
    known: dict[tuple[type, Any], str | None] = {}
    texts = []
    for value in values:
        if not isinstance(value, float | bool):
            texts.append(_text(value, kind))
            continue
        key = (type(value), value)
        if key not in known:
            known[key] = _text(value, kind)
        texts.append(known[key])
    return texts


def _text(value: Any, kind: str) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return Typed("true" if value else "false", "true or false")
        case float():
            text = repr(value)
            return None if isnan(value) else Typed(text, "a floating-point number", integer=whole(text))
        case Decimal():
            return _decimal(format(value, "f"))
        case bytes():
            return _bytes(value)
        case UUID():
            return Typed(str(value), "a UUID", identifier=value.hex)
        case dict() | list():
            return Typed(json.dumps(value, ensure_ascii=False, default=str), f"a value of the type {kind}")
    return Typed(str(value), f"a value of the type {kind}")


def _decimal(text: str) -> str:
    if text.isdigit():
        return text
    return Typed(text, "a decimal number", integer=whole(text))


def _bytes(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return Typed(value.hex(), "binary data that is not text")
