"""Text manifests: whatever was written is what is read, whatever the dialect."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_line_ends_and_separators(read, write, encoding: str, end: str, delimiter: str) -> None:
    """UTF-8 with and without BOM and UTF-16 of either byte order are known by their first bytes."""
    text = ("\ufeff" if "16" in encoding else "") + CSV.replace(",", delimiter).replace("\n", end)
    assert read(write("m.csv", text.encode(encoding))) == (HEAD, TWO)


def test_last_line_needs_no_end(read, write) -> None:
    """The last row counts also when the file does not end with a line end."""
    assert read(write("m.csv", CSV.rstrip())) == (HEAD, TWO)


def test_quoted_newlines_and_quotes(read, write) -> None:
    """A quoted cell may hold line ends of any kind, separators and doubled quotes."""
    path = write("m.csv", 'invoiceNumber,note\nINV1,"two\r\nlines, one ""quoted"""\nINV2,5" pipe\n')
    assert read(path)[1] == [["INV1", 'two\r\nlines, one "quoted"'], ["INV2", '5" pipe']]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('invoiceNumber;note\nINV1;"a,b"\nINV2;c,d\n', [["INV1", "a,b"], ["INV2", "c,d"]]),
        ("invoiceNumber;Amount, net\nINV1;10,5\nINV2;11,5\n", [["INV1", "10,5"], ["INV2", "11,5"]]),
        ('"invoiceNumber,x"|"a;b"\n"1,2"|"3;4"\n', [["1,2", "3;4"]]),
        ('"a,b";"c,d"\n"1,2";"3,4"\n', [["1,2", "3,4"]]),
        ("a;b;c,d\n1;2;3,4\n", [["1", "2", "3,4"]]),
        ("sep=;\na,b;c\n1,2;3\n", [["1,2", "3"]]),
        ("invoiceNumber\nINV1\nINV2;x\n", [["INV1"], ["INV2;x"]]),
        ("\n\ninvoiceNumber,a\nINV1,\n", [["INV1", ""]]),
    ],
)
def test_sniffing_is_not_fooled(read, write, text: str, rows: list[list[str]]) -> None:
    """The separator follows from quotes, known headers and even rows; Excel's `sep=;` settles it."""
    assert read(write("m.csv", text))[1] == rows


def test_suffix_settles_a_tie(read, write) -> None:
    """Where two separators explain a file equally well, `.tsv` says which is meant."""
    assert read(write("m.tsv", "a,b\tc\n1,2\t3\n")) == (["a,b", "c"], [["1,2", "3"]])


def test_long_file_is_sniffed_by_its_head(read, write) -> None:
    """A head that ends in the middle of a row or of a quoted cell does not disturb the sniffing."""
    note = "x" * 30_000
    rows = [[f"INV{n}", f"{note},\n{n}"] for n in range(5)]
    text = "invoiceNumber;note\n" + "".join(f'{number};"{cell}"\n' for number, cell in rows)
    assert read(write("m.csv", text), 2)[1] == rows


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_blank_lines(read, write, end: str) -> None:
    """A blank line is no row, nor is one of empty values; the others keep their numbers."""
    wide = "a,b\n\n1,2\n\n\n3,4\n\n\n".replace("\n", end)
    slim = 'a\n1\n\n\n2\n""\n\n\n'.replace("\n", end)
    for size in range(1, 6):
        assert read(write("wide.csv", wide), size)[1] == [["1", "2"], ["3", "4"]]
        assert read(write("slim.csv", slim), size)[1] == [["1"], ["2"]]


def test_packed(read, write) -> None:
    """A zip may hold what macOS adds; several gzip members are one file."""
    path = write("m.zip", b"")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data/", "")
        archive.writestr("data/m.csv", CSV)
        archive.writestr("__MACOSX/data/._m.csv", b"\0\5\26\7")
        archive.writestr("data/.DS_Store", b"\0")
    assert read(path) == (HEAD, TWO)
    assert read(write("m.csv.gz", gzip.compress(CSV[:50].encode()) + gzip.compress(CSV[50:].encode()))) == (HEAD, TWO)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input(read, pack) -> None:
    """`-` reads standard input, packed or not, as often as needed."""
    assert read("-", stdin=io.BytesIO(pack(CSV.encode()))) == (HEAD, TWO)


def test_text_stays_text(read, write) -> None:
    """Nothing is taken for a number, a date or a missing value."""
    cells = ["00123", "1e5", "NA", "null", "", " x ", "TRUE", "2026-01-01", "1,000", "\u00a0"]
    path = write("m.csv", "".join(f'"{cell}",x\n' for cell in ["a", *cells]))
    assert [row[0] for row in read(path)[1]] == cells
