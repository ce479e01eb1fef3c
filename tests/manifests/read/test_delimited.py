"""Text manifests: whatever was written is what is read, whatever the dialect."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NASTY = st.sampled_from(
    ["", " ", "00123", "1e5", "NA", "null", "nan", '"', '""', "a\nb", "\r", "\r\n", ",;\t|", "\0", "'=1", "\ufeff", "𝄞"]
)
HEADER = st.text(st.characters(categories=["L", "N"], include_characters=" _-:#"), min_size=1, max_size=8).filter(
    lambda header: header.strip() and not header.startswith("regen_")
)
TWO = [["A-1", "1"], ["A-2", "2"]]
HEAD = ["subscriptionName", "subscriptionVersion"]
CSV = "subscriptionName,subscriptionVersion\nA-1,1\nA-2,2\n"


def has_value(row: list[str]) -> bool:
    """A row without any value is none."""
    return any(cell and not cell.isspace() for cell in row)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """Any table of text whose header holds no separator (which of two would be meant could not be told)."""
    header = draw(st.lists(HEADER, min_size=1, max_size=4, unique=True))
    row = st.lists(CELL | NASTY, min_size=len(header), max_size=len(header))
    return header, draw(st.lists(row.filter(has_value), min_size=1, max_size=12))


def as_text(table, delimiter: str, end: str, quote_all: bool) -> str:
    """The table as the csv module writes it; cells with line ends in quotes, and a lone column always."""
    text = io.StringIO(newline="")
    for row in [table[0], *table[1]]:
        must = quote_all or len(row) == 1 or any(character in cell for cell in row for character in "\r\n")
        quoting = csv.QUOTE_ALL if must else csv.QUOTE_MINIMAL
        csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerow(row)
    return text.getvalue()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quote_all=st.booleans(),
    packed=st.booleans(),
    size=st.integers(1, 7),
)
def test_any_table_reads_back(
    read, tmp_path: Path, table, delimiter: str, end: str, encoding: str, quote_all: bool, packed: bool, size: int
) -> None:
    """Every cell of every row comes back as it was, whatever the dialect and the size of the batches."""
    data = as_text(table, delimiter, end, quote_all).encode(encoding)
    path = tmp_path / ("m.csv.gz" if packed else "m.csv")
    path.write_bytes(gzip.compress(data) if packed else data)
    assert read(path, size) == table


def test_last_line_needs_no_end(read, write) -> None:
    """The last row counts also when the file does not end with a line end."""
    assert read(write("m.csv", CSV.rstrip())) == (HEAD, TWO)


def test_quoted_newlines_and_quotes(read, write) -> None:
    """A quoted cell may hold line ends of any kind, separators and doubled quotes."""
    path = write("m.csv", 'invoiceNumber,note\nINV1,"two\r\nlines, one ""quoted"""\nINV2,5" pipe\n')
    assert read(path)[1] == [["INV1", 'two\r\nlines, one "quoted"'], ["INV2", '5" pipe']]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_blank_lines(read, write, end: str) -> None:
    """A blank line is no row, nor is one of empty values; the others keep their numbers."""
    wide = "a,b\n\n1,2\n\n\n3,4\n\n\n".replace("\n", end)
    slim = 'a\n1\n\n\n2\n""\n\n\n'.replace("\n", end)
    for size in range(1, 6):
        assert read(write("wide.csv", wide), size)[1] == [["1", "2"], ["3", "4"]]
        assert read(write("slim.csv", slim), size)[1] == [["1"], ["2"]]


def test_text_stays_text(read, write) -> None:
    """Nothing is taken for a number, a date or a missing value."""
    cells = ["00123", "1e5", "NA", "null", "", " x ", "TRUE", "2026-01-01", "1,000", "\u00a0"]
    path = write("m.csv", "".join(f'"{cell}",x\n' for cell in ["a", *cells]))
    assert [row[0] for row in read(path)[1]] == cells
