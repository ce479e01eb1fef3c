"""Parquet: typed columns, turned into the text that a CSV of the same data would hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from math import isnan
from typing import TYPE_CHECKING, Any

from manifests.errors import UnreadableManifest, place
from manifests.header_mapping import matters
from manifests.read.frames import checked_headers, framed
from manifests.read.raw_file import Origin

if TYPE_CHECKING:
    from pandas import DataFrame
    from pyarrow import Array

_BUFFER_BYTES = 64 * 1024


class Parquet:
    """A manifest in Parquet. Read in pieces, whatever the size of its row groups."""

    escaped = False

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        with self._open() as file:
            self.headers = checked_headers(file.schema_arrow.names, place(origin.path))

    def frames(self, rows: int) -> Iterator[DataFrame]:
        """The rows, in frames of at most `rows`. Raises ManifestError if the file is damaged."""
        with self._open() as file:
            wanted = [header for header in self.headers if matters(header)]
            for batch in file.iter_batches(batch_size=rows, columns=wanted, use_threads=False):
                cells = dict(zip(batch.schema.names, map(text_of, batch.columns), strict=True))
                nothing = [None] * batch.num_rows
                yield framed(
                    [cells[header] if matters(header) else nothing for header in self.headers],
                    self.headers,
                    batch.num_rows,
                )

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
                    f"{place(self._origin.path)}: damaged Parquet, or text that is not UTF-8 ({reason}); write it again"
                ) from None


def text_of(column: Array) -> Any:
    """A column as text, None for null: `true`, `2026-11-30`, `12.50`; floats as Python writes them: 1.0 stays 1.0. What
    is no number (NaN) is nothing, and no object called `nan`."""
    from pyarrow import compute, string, types

    kind = column.type
    if types.is_dictionary(kind):
        return text_of(column.dictionary_decode())
    if types.is_string(kind) or types.is_large_string(kind):
        return column.to_numpy(zero_copy_only=False)
    if types.is_integer(kind) or types.is_boolean(kind) or types.is_date(kind) or types.is_time(kind):
        return compute.cast(column, string()).to_numpy(zero_copy_only=False)
    if types.is_timestamp(kind):
        return compute.replace_substring(compute.cast(column, string()), " ", "T").to_numpy(zero_copy_only=False)
    return [_text(value) for value in column.to_pylist()]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, float):
        return None if isnan(value) else repr(value)
    return str(value)
