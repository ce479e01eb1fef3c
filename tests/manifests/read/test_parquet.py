"""Manifests in Parquet."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from tests.manifests.read.test_detect_format import PATH, SLOW, tables


@SLOW
@given(tables(), st.integers(1, 5), st.integers(1, 5), st.sampled_from([pa.string(), pa.large_string()]))
def test_parquet_reads_back(read, tmp_path: Path, table, size: int, group: int, kind: pa.DataType) -> None:
    """Every cell and every null, whatever the row groups and the batches."""
    header, rows = table
    arrays = [pa.array(column, kind) for column in zip(*rows, strict=True)]
    parquet.write_table(pa.Table.from_arrays(arrays, header), tmp_path / "m.parquet", row_group_size=group)
    assert read(tmp_path / "m.parquet", size) == table


def test_parquet_types(read, tmp_path: Path) -> None:
    """Integers plain, booleans as words, dates ISO, decimals unrounded, floats as Python writes them, bytes as text."""
    utc = dt.UTC
    columns = {
        "int": (pa.array([1, -2, None], pa.int64()), ["1", "-2", None]),
        "uint8": (pa.array([1, 255, None], pa.uint8()), ["1", "255", None]),
        "bool": (pa.array([True, False, None]), ["true", "false", None]),
        "date": (pa.array([dt.date(2026, 1, 31), dt.date(1999, 12, 1), None]), ["2026-01-31", "1999-12-01", None]),
        "decimal": (
            pa.array([Decimal("12.50"), Decimal("0.00"), None], pa.decimal128(20, 2)),
            ["12.50", "0.00", None],
        ),
        "small": (pa.array([Decimal("1E-9"), None, None], pa.decimal128(20, 9)), ["0.000000001", None, None]),
        "float": (pa.array([1.0, 1e300, None]), ["1.0", "1e+300", None]),
        "utc": (
            pa.array([dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=utc), None, None], pa.timestamp("ms", "UTC")),
            ["2026-01-02T03:04:05.000Z", None, None],
        ),
        "category": (pa.array(["a", "b", None]).dictionary_encode(), ["a", "b", None]),
        "numbers": (pa.array([7, 7, None]).dictionary_encode(), ["7", "7", None]),
        "bytes": (pa.array([b"x", b"", None]), ["x", "", None]),
        "null": (pa.nulls(3), [None, None, None]),
        "list": (pa.array([["a", "é"], [], None]), ['["a", "é"]', "[]", None]),
        "struct": (pa.array([{"a": 1}, {"a": None}, None]), ['{"a": 1}', '{"a": null}', None]),
        "a.b": (pa.array(["x", "y", None]), ["x", "y", None]),
        "filled": (pa.array(["1", "2", "3"]), ["1", "2", "3"]),  # a row of nulls is no row
    }
    parquet.write_table(pa.table({name: array for name, (array, _) in columns.items()}), tmp_path / "m.parquet")
    header, rows = read(tmp_path / "m.parquet")
    assert dict(zip(header, map(list, zip(*rows, strict=True)), strict=True)) == {
        name: texts for name, (_, texts) in columns.items()
    }


@SLOW
@given(st.lists(PATH, min_size=1, max_size=5, unique=True))
def test_parquet_results_read_back(read, tmp_path: Path, header: list[str]) -> None:
    """The columns of an earlier run are not even read, and the others are still themselves."""
    columns = {name: [name, "x"] for name in header}
    columns |= {"regen_id_list": [["x"], None], "regen_state": ["failed"] * 2, "regen_run": ["r"] * 2}
    parquet.write_table(pa.table(columns), tmp_path / "results.parquet")
    assert read(tmp_path / "results.parquet") == (header, [header, ["x"] * len(header)])


def test_no_number_in_parquet_is_nothing(read, tmp_path: Path) -> None:
    """Some writers keep NaN apart from null; neither is an object called `nan`."""
    numbers = pa.array([1.5, float("nan"), None], from_pandas=False)
    parquet.write_table(pa.table({"invoiceNumber": ["a", "b", "c"], "n": numbers}), tmp_path / "m.parquet")
    assert read(tmp_path / "m.parquet")[1] == [["a", "1.5"], ["b", None], ["c", None]]
