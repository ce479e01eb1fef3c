"""What other programs write and we read: each row is sent with the text that its maker saw, or rejected by name.

Frames of texts, numbers, dates, truth values and nothing, written by pandas, pyarrow and openpyxl, with number formats
and hidden rows. A row that vanishes, moves or changes its text fails, and so does a plain one that is not sent.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError
from pyarrow import parquet

from manifests import ManifestError, Reading, checker, open_manifest
from manifests.rules import EDGES

PLAIN = re.compile("[A-Z]{1,3}-[0-9]{1,8}|[1-9][0-9]{0,14}")
ODD = (
    *("#N/A", "NULL", "nan", "None", "NA", "null", "1e5", "00123", "1.5E+10", '="001"', "'=1", "'x", "-A1", "=B2"),
    *(
        "Total",
        "12-Jan",
        "a b",
        "a\u2013b",
        "“x”",
        "x ",
        " x",
        "",
        "a,b",
        'a"b',
        "a;b",
        "a\nb",
        "ü",
        "u\u0308",
        "\ufeffx",
    ),
)
TEXTS = (
    st.from_regex(PLAIN, fullmatch=True)
    | st.sampled_from(ODD)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8).filter(lambda t: "_x" not in t)
)
INTEGERS = st.integers(-5, 10**6) | st.integers(10**14, 10**17)
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(1, 10**6).map(float)
DATES = st.dates(datetime.date(1970, 1, 1), datetime.date(2037, 1, 1))
PLAIN_FORMATS = ("General", "@", "0")
FORMATS = (*PLAIN_FORMATS, "0000000", '"INV-"00000', "0.00", "#,##0", "yyyy-mm-dd", "0.00E+00", ";;;")
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Sent:
    """What became of a row: its text on the wire, or the problem; and the note beside it, which names the row."""

    text: str | None
    problem: str | None
    note: str


def read_back(path: Path, **reading: Any) -> list[Sent]:
    """The rows as they would be sent."""
    how = Reading(**reading)
    rows: list[Sent] = []
    with open_manifest(str(path), reading=how) as source:
        check = checker(source.columns, path=source.path, type="Invoice", reading=how).check
        for batch in source.batches():
            checked = check(batch)
            notes = batch.frame["note"].tolist()
            columns = (checked.fields["number"], checked.problems, notes)
            rows += [Sent(*row) for row in zip(*columns, strict=True)]
    return rows


def agree(rows: Sequence[Sent], values: Sequence[Any], seen: Callable[[Any], str | None]) -> None:
    """Every value has its row, with the text that was seen (None: nothing that could name an object) or a problem."""
    assert [row.note for row in rows] == [f"note {n}" for n in range(len(values))]
    for row, value in zip(rows, values, strict=True):
        text = seen(value)
        if row.problem is None:
            assert text is not None, (value, row)
            assert row.text in _forms(text), (value, row)
        else:
            assert row.problem.partition(": ")[0].replace("-", "").isalpha()
            plain = isinstance(value, str | int) and not isinstance(value, bool)
            assert not (plain and text and PLAIN.fullmatch(text)), (value, row)


def _forms(text: str) -> tuple[str, ...]:
    """The text without white space at its edges; and without the `'` of a results file, which is noted."""
    trimmed = text.strip(EDGES)
    return (trimmed, trimmed[1:]) if trimmed[:1] == "'" and trimmed[1:2] in tuple("=+-@'") else (trimmed,)


def columns(values: Sequence[Any]) -> dict[str, list[Any]]:
    return {"invoiceNumber": list(values), "note": [f"note {n}" for n in range(len(values))]}


def one_kind() -> st.SearchStrategy[list[Any]]:
    """A column of one kind, with gaps."""
    kinds = (TEXTS, INTEGERS, FLOATS, DATES, st.booleans())
    return st.one_of(*(st.lists(st.none() | kind, min_size=1, max_size=6) for kind in kinds))


@SETTINGS
@given(values=one_kind(), separator=st.sampled_from(",;\t|"))
def test_csv_of_pandas(tmp_path: Path, values: list[Any], separator: str) -> None:
    """The text that stands in the file is what was seen."""
    path = tmp_path / "m.csv"
    pandas.DataFrame(columns(values)).to_csv(path, index=False, sep=separator)
    with path.open(encoding="utf-8", newline="") as text:
        written = [row[0] for row in csv.reader(text, delimiter=separator)][1:]
    agree(read_back(path), written, lambda cell: cell)


@SETTINGS
@given(values=one_kind())
def test_parquet_of_pyarrow(tmp_path: Path, values: list[Any]) -> None:
    """Texts and whole numbers of any length are sent; everything else is rejected."""
    path = tmp_path / "m.parquet"
    parquet.write_table(pa.table(columns(values)), path)

    def seen(value: Any) -> str | None:
        if isinstance(value, str):
            return value
        whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
        return str(int(value)) if whole else None

    agree(read_back(path), values, seen)


@pytest.mark.parametrize(
    "array",
    [
        pa.array([datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)], pa.timestamp("us", "UTC")),
        pa.array([datetime.time(1, 30)]),
        pa.array([datetime.timedelta(1)]),
        pa.array([Decimal("1.50")]),
        pa.array([["INV-1"]]),
        pa.array([{"id": "INV-1"}]),
        pa.array([b"\xff\xfe"]),
        pa.array([float("nan")]),
        pa.array([float("inf")]),
    ],
    ids=lambda array: str(array.type),
)
def test_other_kinds_of_parquet_name_nothing(tmp_path: Path, array: pa.Array) -> None:
    """The row is rejected by name, or the file is refused."""
    path = tmp_path / "m.parquet"
    parquet.write_table(pa.table({"invoiceNumber": array, "note": ["note 0"]}), path)
    try:
        rows = read_back(path)
    except ManifestError as error:
        assert "m.parquet" in str(error)
        return
    agree(rows, [None], lambda value: None)


@SETTINGS
@given(values=st.lists(st.none() | TEXTS | INTEGERS | FLOATS | st.booleans() | st.just([1]), min_size=1, max_size=6))
def test_json_lines(tmp_path: Path, values: list[Any]) -> None:
    """A number is sent as it is written if it is whole; the rest is rejected."""
    path = tmp_path / "m.jsonl"
    rows = [{"invoiceNumber": value, "note": f"note {n}"} for n, value in enumerate(values)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    def seen(value: Any) -> str | None:
        if isinstance(value, str):
            return value
        whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
        return str(int(value)) if whole else None

    agree(read_back(path), values, seen)


CELLS = st.tuples(
    st.none() | TEXTS | INTEGERS | FLOATS | DATES | st.booleans(), st.sampled_from(FORMATS), st.sampled_from([0, 0, 1])
)


@SETTINGS
@given(cells=st.lists(CELLS, min_size=1, max_size=6))
def test_workbooks_of_openpyxl(tmp_path: Path, cells: list[tuple[Any, str, int]]) -> None:
    """Numbers are sent as they are shown; hidden rows only with a word on them."""
    path = tmp_path / "m.xlsx"
    if not _written(path, cells):
        return
    hidden = any(hide for *_, hide in cells)
    formulas = any(isinstance(value, str) and value.startswith("=") and len(value) > 1 for value, *_ in cells)
    if hidden:
        with pytest.raises(ManifestError, match=r"hidden|formula"):
            read_back(path)
    try:
        rows = read_back(path, hidden="include")
    except ManifestError as error:
        assert formulas, error
        return
    agree(rows, [_shown(value, shape) for value, shape, _ in cells], lambda text: text)
    visible = [f"note {n}" for n, (*_, hide) in enumerate(cells) if not hide]
    if visible:
        assert [row.note for row in read_back(path, hidden="skip")] == visible


def _written(path: Path, cells: Sequence[tuple[Any, str, int]]) -> bool:
    """Whether openpyxl can write the sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["invoiceNumber", "note"])
    try:
        for number, (value, shape, hide) in enumerate(cells, 2):
            sheet.cell(number, 1, value).number_format = shape
            sheet.cell(number, 2, f"note {number - 2}")
            sheet.row_dimensions[number].hidden = bool(hide)
    except IllegalCharacterError:
        return False
    book.save(path)
    return True


def _shown(value: Any, shape: str) -> str | None:
    """What a spreadsheet shows, as far as it can be an identifier."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime.date) and shape in PLAIN_FORMATS:
        value = (value - datetime.date(1899, 12, 30)).days
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
    return str(int(value)) if whole and abs(value) < 10**15 and shape in PLAIN_FORMATS else None


def test_csv_of_the_standard_library(tmp_path: Path) -> None:
    """Every way to quote gives the same rows."""
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC):
        out = io.StringIO(newline="")
        writer = csv.writer(out, quoting=quoting)
        writer.writerows([["invoiceNumber", "note"], *([text, f"note {n}"] for n, text in enumerate(ODD))])
        (tmp_path / "m.csv").write_bytes(out.getvalue().encode())
        agree(read_back(tmp_path / "m.csv"), ODD, lambda text: text)
