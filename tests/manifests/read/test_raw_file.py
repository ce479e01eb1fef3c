"""Bytes from files, archives and standard input."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from tests.manifests.read.test_delimited import CSV, HEAD, TWO
from tests.manifests.test_broken import GOOD, zipped


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


def test_zip_with_a_password(write, complaint) -> None:
    """A locked zip is refused, not crashed on."""
    data = bytearray(zipped(m=GOOD))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "locked with a password" in complaint(write("m.zip", bytes(data)))
