"""Some columns of a file, read quickly: the same rows and the same faults as by the strict reader."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from manifests import ManifestError, open_manifest
from manifests.read import plain_columns
from manifests.read.manifest import Source
from manifests.read.plain_columns import NotPlain

Read = tuple[list[tuple[int, list[str | None]]], str | None]


def strictly(source: Source, columns: Sequence[str]) -> Read:
    """What the strict reader yields of the columns: numbered rows, and the fault that ends them."""
    return _read((batch.rows, batch.frame[list(columns)]) for batch in source.batches(3))


def quickly(source: Source, columns: Sequence[str]) -> Read:
    """The same by `batches_of`."""
    return _read((batch.rows, batch.frame) for batch in source.batches_of(columns, 3))


def _read(batches) -> Read:
    rows: list[tuple[int, list[str | None]]] = []
    try:
        for numbers, frame in batches:
            rows += zip(numbers, frame.to_numpy().tolist(), strict=True)
    except ManifestError as error:
        return rows, str(error)
    return rows, None


def all_plain(source: Source, columns: Sequence[str]) -> bool:
    """Whether the quick parser read the whole file."""
    try:
        list(source._quick_frames(columns))
    except NotPlain:
        return False
    return True


LETTERS = ["a", "b1", "é", "\u2028", "\ufeff", " ", "'", "\0", "\x1a", "\x1c", "0a1b-22", "2026-11-27T10:00:00Z"]
MARKS = [",", ",", ",", ";", "\t", '"', '""', '"x"', "\n", "\n", "\r\n", "\r"]
PIECES = st.sampled_from([*LETTERS, *MARKS])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.lists(PIECES, max_size=30).map("".join),
    start=st.sampled_from(["Id,Time\n", "\ufeffId,Time\r\n", '"Id","Ti,me"\n', "Id\n", "\nId,Time\n", "sep=,\nId,T\n"]),
    size=st.sampled_from([8, 33, 1 << 20]),
)
@example(body='a,"b\n\nc"\n', start="Id,Time\n", size=33)
@example(body='a,"b"" ""c"\n', start="Id,Time\n", size=8)
@example(body='a,","\nb"c,d\n', start="Id,Time\n", size=33)
@example(body="a,b\n,\nc,d", start="Id,Time\n", size=1 << 20)
@example(body="a,b\n\n\n", start="Id,Time\n", size=8)
def test_any_text_is_read_as_by_the_strict_reader(tmp_path, monkeypatch, body, start, size):
    """Quotes in and around fields, line ends, blank and ragged rows, control characters: same rows, same fault."""
    monkeypatch.setattr(plain_columns, "BLOCK_BYTES", size)
    path = tmp_path / "x.csv"
    path.write_bytes((start + body).encode())
    try:
        opened = open_manifest(str(path))
    except ManifestError:
        return  # no reader begins
    with opened as source:
        for columns in (source.columns, source.columns[-1:], source.columns[::-1]):
            assert set(columns) <= set(source.columns)
            expected, fault = strictly(source, columns)
            rows, problem = quickly(source, columns)
            assert problem == fault
            assert rows[: len(expected)] == expected  # it may have more of those before the fault
            assert fault is not None or rows == expected


ROWS = [[f"id-{n:04d}", f"2026-11-{n % 28 + 1:02d}T00:00:0{n % 10}Z", 'say "yes", é\nnow'] for n in range(3000)]


def text(rows: Sequence[Sequence[str]], end: str, *, quoted: bool) -> str:
    """CSV of rows; only what needs quotes has them, or every cell."""

    def cell(value: str) -> str:
        needs = quoted or any(mark in value for mark in '",\r\n')
        return '"' + value.replace('"', '""') + '"' if needs else value

    return end.join(",".join(map(cell, row)) for row in [["Id", "Updated", "Note"], *rows]) + end


@pytest.mark.parametrize(
    ("mark", "end", "quoted"), list(product(["", "\ufeff"], ["\n", "\r\n"], [False, True])), ids=str
)
def test_usual_exports_are_read_quickly(tmp_path, monkeypatch, mark, end, quoted):
    """Quotes around all cells or where they are needed, either line end, a byte-order mark, packed, blank lines at the
    end: the strict reader is not needed, over block ends at any byte."""
    monkeypatch.setattr(plain_columns, "BLOCK_BYTES", 10_007)
    for name, packed in (("x.csv", bytes), ("x.csv.gz", gzip.compress)):
        path = tmp_path / name
        path.write_bytes(packed((mark + text(ROWS, end, quoted=quoted) + end).encode()))
        with open_manifest(str(path)) as source:
            assert all_plain(source, ["Id", "Updated"])
            rows, problem = quickly(source, ["Note", "Id"])
            assert problem is None
            assert rows == [(n, [note, id_]) for n, (id_, _, note) in enumerate(ROWS, 1)]


def test_the_strict_reader_goes_on_where_the_file_is_not_plain(tmp_path, monkeypatch):
    """The row of another width is reported with its line, after all rows before it."""
    monkeypatch.setattr(plain_columns, "BLOCK_BYTES", 4096)
    path = tmp_path / "x.csv"
    path.write_text(text(ROWS, "\n", quoted=False).replace("id-2000,", "id-2000,,"))
    with open_manifest(str(path)) as source:
        rows, problem = quickly(source, ["Id"])
    assert [row[0] for _, row in rows[:1990]] == [f"id-{n:04d}" for n in range(1990)]
    assert problem is not None
    assert ", line " in problem
    assert "4 fields where the header has 3" in problem


def test_a_file_that_changes_meanwhile(tmp_path):
    """Is refused, as by the strict reader."""
    path = tmp_path / "x.csv"
    path.write_text("Id,Time\na,b\n")
    with open_manifest(str(path)) as source:
        path.write_text("Id,Time\na,b\nc,d\n")
        _, problem = quickly(source, ["Id"])
    assert problem is not None
    assert "changed while it was read" in problem


@pytest.mark.parametrize("times", [pa.timestamp("us", "UTC"), pa.timestamp("ms"), pa.date32(), pa.string()])
def test_parquet_is_read_as_by_the_strict_reader(tmp_path, times):
    """Texts, whole numbers, moments, nulls and rows without any value."""
    path = tmp_path / "x.parquet"
    moments = pa.array([0, 86_400_000_000, None, None], pa.int64()).cast(pa.timestamp("us"))
    columns = {"Id": [7, 8, None, 9], "Text": ["a", None, None, "b"], "Time": moments.cast(times)}
    pq.write_table(pa.table(columns), path)
    with open_manifest(str(path)) as source:
        for wanted in (["Id", "Time"], ["Text"], ["Time", "Text"], list(source.columns)):
            assert quickly(source, wanted) == strictly(source, wanted)


def test_other_formats_have_the_strict_reader_only(tmp_path):
    """JSON Lines and UTF-16 for example."""
    (tmp_path / "x.jsonl").write_text('{"Id": "a", "Time": "b"}\n')
    (tmp_path / "x.csv").write_bytes("Id,Time\na,b\n".encode("utf-16"))
    for path in map(Path, (tmp_path / "x.jsonl", tmp_path / "x.csv")):
        with open_manifest(str(path)) as source:
            assert not all_plain(source, ["Id"])
            assert quickly(source, ["Id"]) == ([(1, ["a"])], None)
