"""Text in the encodings that exports have."""

from __future__ import annotations

import pytest

from tests.manifests.read.test_delimited import CSV, HEAD, TWO


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_line_ends_and_separators(read, write, encoding: str, end: str, delimiter: str) -> None:
    """UTF-8 with and without BOM and UTF-16 of either byte order are known by their first bytes."""
    text = ("\ufeff" if "16" in encoding else "") + CSV.replace(",", delimiter).replace("\n", end)
    assert read(write("m.csv", text.encode(encoding))) == (HEAD, TWO)
