"""CSV as we write it: row by row, and a table at once; every reader reads what was meant."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.results.csv_table import csv_table
from runner.system.csv_dialect import csv_text, safe

WORDS = st.text(st.characters(codec="utf-8"), max_size=4)
TEXTS = st.none() | st.text(st.characters(codec="utf-8"), max_size=8) | st.text("=+-@\t\r\n'\",.eE015 é", max_size=6)


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=4), max_size=5))
def test_what_is_written_is_read(rows):
    """Also lone carriage returns, which the csv module alone would leave bare."""
    text = csv_text(rows)
    assert list(csv.reader(io.StringIO(text, newline=""))) == [[cell or "" for cell in row] for row in rows]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("a\rb", '"a\rb"\n'), ("a\nb", '"a\nb"\n'), ('"', '""""\n'), ("a,b", '"a,b"\n'), (" a ", " a \n"), (1.5, "1.5\n")],
)
def test_which_cells_are_quoted(cell, expected):
    """In every version of Python alike."""
    assert csv_text([[cell]]) == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("=1", "'=1"),
        ("=1+1", "'=1+1"),
        ("+1", "+1"),
        ("+49 30", "'+49 30"),
        ("+1e5", "+1e5"),
        ("-5.25", "-5.25"),
        ("-1.5e3", "-1.5e3"),
        ("-1\n", "'-1\n"),
        ("-", "'-"),
        ("@x", "'@x"),
        ("'", "''"),
        ("'x", "''x"),
        ("\t1", "'\t1"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("-١", "'-١"),
        ("-٣", "'-٣"),
        ("", ""),
        ("a=", "a="),
    ],
)
def test_what_is_safe_for_a_spreadsheet(text, shown):
    """Numbers stay numbers; what else begins like a formula is marked as text."""
    assert safe(text) == shown
    assert b"".join(csv_table(pa.table({"a": [text]}))).decode() == csv_text([[shown]]) or text == ""
