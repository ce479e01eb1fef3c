"""Parquet, JSON Lines and Excel: typed values become the text that a CSV of the same data would hold."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from manifests import ManifestError, Reading, open_manifest

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


def test_json_is_known_without_its_suffix(read) -> None:
    """Standard input has no suffix: an object in the first line is JSON Lines."""
    assert read("-", stdin=io.BytesIO(b'{"invoiceNumber": "INV1"}\n')) == (["invoiceNumber"], [["INV1"]])


def test_brace_alone_is_not_json(read) -> None:
    """A header may begin with a brace."""
    assert read("-", stdin=io.BytesIO(b"{a},b\n1,2\n")) == (["{a}", "b"], [["1", "2"]])


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\x02\x21\x4c\x18xx", "lz4"),
        (b"\x1f\x9d\x90xx", "compress"),
        (b"\x80\x02}q\x00", "pickle"),
        (b"\x93NUMPY\x01\x00", "NumPy"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"-----BEGIN PGP MESSAGE-----\n", "PGP"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"\xef\xbb\xbf<html><table>", "HTML"),
    ],
)
def test_a_foreign_file_is_named(tmp_path: Path, complaint, head: bytes, name: str) -> None:
    """Whatever its name says."""
    path = tmp_path / "m.csv"
    path.write_bytes(head)
    assert name in complaint(str(path))


def test_a_deep_object_in_a_file_called_csv_is_json(complaint, tmp_path: Path) -> None:
    """How deep is our own limit, not the interpreter's."""
    path = tmp_path / "m.csv"
    path.write_text('{"a":' * 3000 + "1" + "}" * 3000)
    assert "nested more than 100 levels" in complaint(str(path))


@pytest.mark.parametrize("encoding", ["base64", "rot13", "hex", "undefined", "no-such"])
def test_an_encoding_that_makes_no_text_is_refused(tmp_path: Path, encoding: str) -> None:
    """Not every codec of the interpreter is an encoding of text."""
    path = tmp_path / "m.csv"
    path.write_text("invoiceNumber\nI1\n")
    with pytest.raises(ManifestError, match="no encoding"):
        open_manifest(str(path), reading=Reading(encoding=encoding))
