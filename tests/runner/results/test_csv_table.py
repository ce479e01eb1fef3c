"""A table as CSV, at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from runner.results.csv_table import csv_table
from runner.system.csv_dialect import csv_text, safe
from runner.system.timestamps import iso
from tests.runner.system.test_csv_dialect import TEXTS

COLUMNS = {
    "text": (pa.string(), TEXTS),
    "count": (pa.int64(), st.none() | st.integers(-(2**63), 2**63 - 1)),
    "small": (pa.int32(), st.none() | st.integers(-(2**31), 2**31 - 1)),
    "real": (pa.float64(), st.none() | st.floats(allow_nan=False, allow_infinity=False)),
    "flag": (pa.bool_(), st.none() | st.booleans()),
    "list": (
        pa.list_(pa.string()),
        st.none() | st.lists(st.text(st.characters(codec="utf-8"), max_size=4), max_size=3),
    ),
    "time": (pa.timestamp("us", tz="UTC"), st.none() | st.integers(0, 253_402_300_799_999_999)),
}


def text_of(kind: str, value) -> str:
    """The cell of a value, as plain Python has it."""
    if value is None:
        return ""
    return {
        "text": safe,
        "flag": lambda flag: str(flag).lower(),
        "list": lambda texts: json.dumps(texts, ensure_ascii=False),
        "time": iso,
    }.get(kind, repr)(value)


@given(st.lists(st.tuples(*(values for _, values in COLUMNS.values())), min_size=1, max_size=5))
def test_a_table_at_once_is_the_same_text_as_row_by_row(rows):
    """Whatever its columns hold."""
    fields = [pa.field(kind, type_) for kind, (type_, _) in COLUMNS.items()]
    arrays = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), fields, strict=True)]
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    plain = [[text_of(kind, value) for kind, value in zip(COLUMNS, row, strict=True)] for row in rows]
    assert b"".join(csv_table(table)).decode() == csv_text(plain)


@given(st.integers(0, 253_402_300_799_999_999))
def test_a_moment_is_shown_to_the_microsecond(microseconds):
    """Also before the second of the cache is over."""
    parsed = datetime.fromisoformat(iso(microseconds))
    assert parsed.tzinfo == UTC
    assert (parsed - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution) == microseconds


NASTY = {  # a text, and its bytes in the file
    "plain": b"plain",
    "": b"",
    None: b"",
    "a,b": b'"a,b"',
    'say "no"': b'"say ""no"""',
    "two\nlines": b'"two\nlines"',
    "two\r\nlines": b'"two\r\nlines"',
    "a lone\rreturn": b'"a lone\rreturn"',
    "\rfirst": b'"\'\rfirst"',
    "\ttab": b"'\ttab",
    "=1+1": b"'=1+1",
    "'=1+1": b"''=1+1",
    '=HYPERLINK("a","b")': b'"\'=HYPERLINK(""a"",""b"")"',
    "-1e5": b"-1e5",
    "- 1": b"'- 1",
    " 00123 ": b" 00123 ",
    "1;2\u2028ü": "1;2\u2028ü".encode(),
}


def test_the_bytes_of_nasty_cells():
    """The same in every version of Python: before 3.13 the csv module leaves a lone return bare."""
    texts = pa.array(NASTY, pa.string())
    ids = pa.array([['a"b', "c,d"]] * len(NASTY), pa.list_(pa.string()))
    flags = pa.array([True, None] * (len(NASTY) // 2) + [False], pa.bool_())
    lines = [
        cell + b',"[""a\\""b"", ""c,d""]",' + flag
        for cell, flag in zip(NASTY.values(), [b"true", b""] * (len(NASTY) // 2) + [b"false"], strict=True)
    ]
    assert b"".join(csv_table(pa.table([texts, ids, flags], ["text", "ids", "flag"]))) == b"\n".join([*lines, b""])
