"""Which character separates the cells."""

from __future__ import annotations

import pytest


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
