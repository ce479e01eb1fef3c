"""The manifest of a selection, as CSV or Parquet, and the sidecar that says where it came from."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Protocol

import msgspec

from runner.domain.errors import Refused
from runner.system.atomic_file import replacing
from runner.system.counting import counted

BATCH = 50_000


class Sidecar(msgspec.Struct, frozen=True, kw_only=True):
    """What a selection was: `<manifest>.json`. Times are ISO 8601 in UTC, `since` is None for all times."""

    manifest: str
    sha256: str
    type: str
    name: str
    query: str
    time: str
    since: str | None
    until: str
    host: str
    tenant: str
    counts: Counts
    notes: tuple[str, ...] = ()
    origin: str | None = None  # of a plan file's step: what it was selected for


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Rows: those of the answer are those in the manifest, those refused by reason, and those confirmed before."""

    selected: int
    rows: int
    refused: dict[str, int]
    confirmed_before: int = 0


class RowWriter(Protocol):
    """Takes the rows of a manifest."""

    def __call__(self, row: Sequence[str]) -> None:
        """Write one row of texts, one for each column."""


def sidecar_path(manifest: Path) -> Path:
    """Where the sidecar of a manifest is."""
    return manifest.with_name(manifest.name + ".json")


def refuse_foreign(manifest: Path) -> None:
    """Raises Refused where a file would be replaced that no selection wrote."""
    if manifest.is_dir():
        raise Refused(f"{manifest} is a folder; name a file with --output")
    if manifest.exists() and not sidecar_path(manifest).exists():
        raise Refused(f"{manifest} exists and was not written by `regen select`; name another file with --output")


@contextlib.contextmanager
def writing(manifest: Path, columns: Sequence[str]) -> Iterator[RowWriter]:
    """Write a manifest that takes the old one's place once it is complete."""
    table = _parquet if manifest.suffix.lower() == ".parquet" else _csv
    try:
        with replacing(manifest) as file, table(file, columns) as write:
            yield write
    except OSError as error:
        raise Refused(f"{manifest}: {error.strerror or error}; choose another --output") from error


@contextlib.contextmanager
def _csv(file: IO[bytes], columns: Sequence[str]) -> Iterator[RowWriter]:
    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    yield writer.writerow
    text.detach()


@contextlib.contextmanager
def _parquet(file: IO[bytes], columns: Sequence[str]) -> Iterator[RowWriter]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in columns])
    rows: list[Sequence[str]] = []
    with pq.ParquetWriter(file, schema) as writer:

        def flush() -> None:
            texts = [[row[at] or None for row in rows] for at in range(len(columns))]
            writer.write_table(pa.table(texts, schema=schema))
            rows.clear()

        def write(row: Sequence[str]) -> None:
            rows.append(row)
            if len(rows) == BATCH:
                flush()

        yield write
        flush()


def write_sidecar(manifest: Path, sidecar: Sidecar) -> None:
    """Write it beside the manifest, whole or not at all."""
    with replacing(sidecar_path(manifest)) as file:
        file.write(msgspec.json.format(msgspec.json.encode(sidecar), indent=2) + b"\n")


def read_sidecar(manifest: Path) -> Sidecar | None:
    """The sidecar of a manifest; None if there is none that can be read."""
    try:
        return msgspec.json.decode(sidecar_path(manifest).read_bytes(), type=Sidecar)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def lines(sidecar: Sidecar) -> list[str]:
    """A selection for people."""
    counts = sidecar.counts
    since = f"updated from {sidecar.since} " if sidecar.since else "updated "
    text = [f"{sidecar.manifest}: {counted(counts.rows, 'row')} of type {sidecar.type}, {since}until {sidecar.until}"]
    text += [f"  left out: {counted(rows, 'row')}, {reason}" for reason, rows in counts.refused.items()]
    if counts.confirmed_before:
        text.append(f"  left out: {counted(counts.confirmed_before, 'row')}, confirmed by an earlier selection")
    return [*text, *(f"  {note}" for note in sidecar.notes)]
