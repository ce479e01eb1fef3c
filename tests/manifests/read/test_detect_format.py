"""Parquet, JSON Lines and Excel: typed values become the text that a CSV of the same data would hold."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda name: name.strip() and not name.startswith("regen_")
)
PATH = st.text("ab. ", min_size=1, max_size=3).filter(str.strip)  # Parquet takes a dot for a step into a structure
SLOW = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str | None]]]:
    header = draw(st.lists(NAME | PATH, min_size=1, max_size=4, unique=True))
    row = st.lists(st.none() | TEXT, min_size=len(header), max_size=len(header))
    rows = row.filter(lambda cells: any(cell and not cell.isspace() for cell in cells))  # else it is no row
    return header, draw(st.lists(rows, min_size=1, max_size=12))


@SLOW
@given(tables(), st.integers(1, 5), st.integers(1, 5), st.sampled_from([pa.string(), pa.large_string()]))
def test_parquet_reads_back(read, tmp_path: Path, table, size: int, group: int, kind: pa.DataType) -> None:
    """Every cell and every null, whatever the row groups and the batches."""
    header, rows = table
    arrays = [pa.array(column, kind) for column in zip(*rows, strict=True)]
    parquet.write_table(pa.Table.from_arrays(arrays, header), tmp_path / "m.parquet", row_group_size=group)
    assert read(tmp_path / "m.parquet", size) == table


@SLOW
@given(tables(), st.integers(1, 5), st.booleans())
def test_json_lines_read_back(read, tmp_path: Path, table, size: int, ascii_only: bool) -> None:
    """Every cell and every null, escaped or not."""
    header, rows = table
    lines = [json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=ascii_only) for row in rows]
    (tmp_path / "m.jsonl").write_text("\n".join(lines), encoding="utf-8", newline="")
    assert read(tmp_path / "m.jsonl", size) == table


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


def test_json_values_stay_as_they_are_written(read, write) -> None:
    """Numbers keep their digits, nested values their JSON; keys unite in the order of their first appearance."""
    text = '{"a": 1e5, "b": "00"}\r\n{"c": [1.0, "x", {"y": null}], "a": -0.10}\r\n{"b": true, "c": null}\r\n\r\n'
    assert read(write("m.jsonl", text)) == (
        ["a", "b", "c"],
        [["1e5", "00", None], ["-0.10", None, '[1.0, "x", {"y": null}]'], [None, "true", None]],
    )


def test_json_is_known_without_its_suffix(read) -> None:
    """Standard input has no suffix: an object in the first line is JSON Lines."""
    assert read("-", stdin=io.BytesIO(b'{"invoiceNumber": "INV1"}\n')) == (["invoiceNumber"], [["INV1"]])


def test_brace_alone_is_not_json(read) -> None:
    """A header may begin with a brace."""
    assert read("-", stdin=io.BytesIO(b"{a},b\n1,2\n")) == (["{a}", "b"], [["1", "2"]])


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_workbook(read, tmp_path: Path) -> None:
    """The first sheet: whole numbers without `.0`, dates ISO, empty cells empty, empty rows left out."""
    rows = [
        ["invoiceNumber", "n", "f", "d", "t", "b"],
        ["INV1", 123, 1.5, dt.datetime(2026, 1, 31), dt.datetime(2026, 1, 31, 12, 30), True],  # noqa: DTZ001
        [],
        ["00123", 2.0, None, dt.date(2026, 2, 1), dt.time(1, 2), False],
        ["x"],
    ]
    header, result = read(workbook(tmp_path / "m.xlsx", rows), 2)
    assert header == rows[0]
    assert result == [
        ["INV1", "123", "1.5", "2026-01-31", "2026-01-31T12:30:00", "true"],
        ["00123", "2", "", "2026-02-01", "01:02:00", "false"],
        ["x", "", "", "", "", ""],
    ]


def test_workbook_wider_than_its_header(complaint, tmp_path: Path) -> None:
    """A cell beyond the header belongs to no column."""
    path = workbook(tmp_path / "m.xlsx", [["invoiceNumber"], ["INV1"], ["INV2", "x"]])
    assert complaint(str(path)).startswith(f"{path}, sheet Sheet, row 3: 2 cells where the header has 1; ")


def test_workbook_that_is_empty(complaint, tmp_path: Path) -> None:
    """There is nothing in any sheet."""
    assert "no sheet has" in complaint(str(workbook(tmp_path / "m.xlsx", [])))


def test_no_number_in_parquet_is_nothing(read, tmp_path: Path) -> None:
    """Some writers keep NaN apart from null; neither is an object called `nan`."""
    numbers = pa.array([1.5, float("nan"), None], from_pandas=False)
    parquet.write_table(pa.table({"invoiceNumber": ["a", "b", "c"], "n": numbers}), tmp_path / "m.parquet")
    assert read(tmp_path / "m.parquet")[1] == [["a", "1.5"], ["b", None], ["c", None]]
