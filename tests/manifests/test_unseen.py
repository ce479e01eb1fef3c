"""What cannot be seen in a file: rows without a value, rows of no height, white space at the end of a name."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from manifests import checker, open_manifest


def test_a_parquet_row_of_nulls_is_no_row(read, tmp_path: Path) -> None:
    """Wherever it is, and the numbers of the other rows stay."""
    path = tmp_path / "m.parquet"
    pq.write_table(pa.table({"invoiceNumber": [None, "I1", None, "I2"], "note": [None, "x", None, None]}), path)
    with open_manifest(str(path)) as source:
        batches = list(source.batches())
    assert [number for batch in batches for number in batch.rows] == [2, 4]
    assert [cell for batch in batches for cell in batch.frame["invoiceNumber"]] == ["I1", "I2"]


def test_names_that_differ_by_trailing_white_space_are_noted(write) -> None:
    """They are one object, since identifiers are trimmed: the person must be able to see it."""
    path = write("m.csv", 'invoiceNumber,n\n"ACME ",1\nACME,2\n" ACME",3\nB\u3000,4\n')
    with open_manifest(path) as source:
        check = checker(source.columns, path=path).check
        notes = [note for batch in source.batches() for note in check(batch).notes]
    assert [(note.position, note.finding.rule) for note in notes] == [(0, "trailing-space"), (3, "trailing-space")]


@pytest.mark.parametrize("end", ["\n\x1a", "\r\n\x1a"])
@pytest.mark.parametrize("header", ["invoiceNumber", "invoiceNumber,note"])
def test_the_end_mark_of_dos_is_no_row(checked, write, header: str, end: str) -> None:
    """It is alone in the last line; in a value it is a control character, and rejected as one."""
    more = "," * header.count(",")
    assert checked(write("m.csv", f"{header}\nI1{more}\nI2{more}{end}")).objects == ["I1", "I2"]
    assert checked(write("n.csv", f"{header}\nI1\x1a{more}\nI2{more}\n")).problems[0].startswith("control-characters")
