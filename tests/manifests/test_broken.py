"""Broken manifests: a clear error with file and line and what to do. Never a traceback, never a silent loss."""

from __future__ import annotations

import gzip
import io
import os
import random
import sys
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import parquet

from manifests import ManifestError, checker, digest, open_manifest

HEAD = b"subscriptionName,subscriptionVersion\n"
GOOD = HEAD + b"A-1,1\nA-2,2\n"


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def parquet_of(rows: int = 50) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pa.table({"invoiceNumber": [f"INV{n}" for n in range(rows)], "n": range(rows)}), sink)
    return sink.getvalue()


def workbook_of(rows: int = 50) -> bytes:
    book, sink = openpyxl.Workbook(), io.BytesIO()
    for row in [["invoiceNumber", "n"], *([f"INV{n}", n] for n in range(rows))]:
        book.active.append(row)
    book.save(sink)
    return sink.getvalue()


BROKEN = {
    "empty": ("m.csv", b"", ": the file is empty; it needs a header and at least one row"),
    "blank lines": ("m.csv", b"\n \n\n", ": the file is empty; it needs"),
    "BOM alone": ("m.csv", b"\xef\xbb\xbf\n", ": the file is empty; it needs"),
    "header only": ("m.csv", HEAD, ": a header but no rows; there is nothing to regenerate"),
    "duplicate header": ("m.csv", b"\na,b,a\n1,2,3\n", ", line 2: the header 'a' occurs more than once; rename"),
    "ragged short": ("m.csv", GOOD + b"A-3\n", ", line 4: 1 field where the header has 2; add what is missing"),
    "ragged long": ("m.csv", GOOD + b"A-3,1,x\n", ", line 4: 3 fields where the header has 2; remove what is too"),
    "ragged after newlines": (
        "m.csv",
        b'invoiceNumber,b\n1,"x\r\ny\rz"\n\n1\n',
        ", line 6: 1 field where the header has 2",
    ),
    "ragged in one column": ("m.csv", b"invoiceNumber\nINV1\nINV2,x\n", ", line 3: 2 fields where the header has 1"),
    "quote left open": ("m.csv", GOOD + b'"A-3,1\nA-4,1\n', ", line 4: a double quote is opened here and never"),
    "quote left open early": (
        "m.csv",
        GOOD + b'"A,1\n' + b"A,1\n" * 50_000,
        ", line 4: a double quote is opened here and never",
    ),
    "quote in mid-value": ("m.csv", GOOD + b'"A"3,1\n', ", line 4: text after a closing double quote; double"),
    "two separators": ("m.csv", b"a,b;c\n1,2;3\n", ", line 1: the fields could be separated by comma or by semicolon"),
    "a separator that is none": ("m.csv", b'sep="\n' + GOOD, ": no identifying column"),
    "binary": ("m.csv", bytes(range(256)) * 8, ", line 1: binary data, not text"),
    "latin-1": (
        "m.csv",
        HEAD + b"A-1,1\r\nM\xfcller,1\n",
        ", line 3, byte 46: this is not UTF-8 (the byte is fc); save",
    ),
    "latin-1 far down": (
        "m.csv",
        HEAD + b"A-1,1\n" * 90_000 + b"M\xfc,1\n",
        ", line 90,002, byte 540,039: this is not UTF-8 (the byte is fc)",
    ),
    "breaks off in a character": ("m.csv", HEAD + "A-é".encode()[:-1], ", line 2, byte 40: this is not UTF-8"),
    "UTF-16 breaks off": ("m.csv", GOOD.decode().encode("utf-16")[:-1], ", line 3, byte 99: this is not UTF-16"),
    "UTF-16 without BOM": ("m.csv", GOOD.decode().encode("utf-16-le"), ", line 1: binary data, not text, or UTF-16"),
    "UTF-32": ("m.csv", GOOD.decode().encode("utf-32"), ": this is UTF-32; save it as UTF-8"),
    "truncated gzip": ("m.csv.gz", gzip.compress(GOOD * 999)[:70], ": the compressed file breaks off; fetch or pack"),
    "damaged gzip": ("m.csv.gz", gzip.compress(GOOD)[:-8] + b"x" * 8, ": damaged (CRC check failed"),
    "not gzip": ("m.csv.gz", GOOD, ": this is not compressed, whatever its name says"),
    "bad zip": ("m.zip", zipped(m=GOOD)[:60], ": damaged (File is not a zip file); fetch or pack it again"),
    "zip of two": ("m.zip", zipped(a=GOOD, b=GOOD), ": a zip must hold exactly one file, this one holds a, b"),
    "zip of none": ("m.zip", zipped(), ": a zip must hold exactly one file, this one holds nothing"),
    "packed twice": ("m.zip", zipped(a=gzip.compress(GOOD)), ": this is packed twice"),
    "packed Parquet": ("m.gz", gzip.compress(parquet_of()), ": this is packed twice, or a packed workbook or Parquet"),
    "not Parquet": ("m.parquet", GOOD, ": this is not Parquet, whatever its name says; write or fetch it again"),
    "truncated Parquet": ("m.parquet", parquet_of()[:-20], ": damaged Parquet"),
    "Parquet without rows": ("m.parquet", parquet_of(0), ": a header but no rows"),
    "not a workbook": ("m.xlsx", GOOD, ": this is not an Excel workbook, whatever its name says"),
    "truncated workbook": ("m.xlsx", workbook_of()[:900], ": damaged (File is not a zip file)"),
    "strange workbook": ("m.xlsx", zipped(**{"xl/workbook.xml": b"<a/>"}), ": this workbook cannot be read"),
    "old workbook": ("m.xls", b"\xd0\xcf\x11\xe0" + bytes(99), ": this workbook cannot be read"),
    "bzip2": ("m.csv.bz2", b"BZh91AY&SY\0\0", ": this is packed with bzip2; unpack it first"),
    "invalid JSON": ("m.jsonl", b'{"a": 1}\n{"a": 01}\n', ", line 2: not JSON (expecting ',' delimiter, column 8)"),
    "JSON that breaks off": ("m.jsonl", b'{"a": 1}\n{"a"', ", line 2: not JSON"),
    "empty JSON line": ("m.jsonl", b'{"a": 1}\n\n{"a": 1}\n', ", line 2: an empty line between rows; remove it"),
    "JSON array": ("m.json", b'[{"a": 1}]', ": this is one JSON array; write JSON Lines, one object a line"),
    "JSON NaN": ("m.jsonl", b'{"a": NaN}', ", line 1: not JSON (NaN is no value)"),
    "JSON key twice": ("m.jsonl", b'{"a": 1, "a": 2}', ", line 1: not JSON (the same key twice)"),
    "lone surrogate": ("m.jsonl", rb'{"a": "\ud800"}', ", line 1: half of a character (a lone surrogate)"),
    "nested without end": ("m.jsonl", b'{"a": ' + b"[" * 99_999, ", line 1: values nested more than 100 levels deep"),
    "nested nearly without end": (
        "m.jsonl",
        b'{"invoiceNumber": "1"}\n{"invoiceNumber": "1", "x": ' + b"[" * 600 + b"]" * 600 + b"}\n",
        ", line 2: values nested more than 100 levels deep",
    ),
    "keys without end": (
        "m.jsonl",
        b"".join(b'{"k%d": 1}\n' % n for n in range(2_001)),
        ", line 2,001: more than 2,000 different keys",
    ),
    "no identifying column": ("m.csv", b"a,b\n1,2\n", ": no identifying column; add for example subscriptionName and"),
    "no column at all": ("m.jsonl", b"{}\n", ": no identifying column"),
    "column that could be two things": (
        "m.csv",
        b"id\n1\n",
        ": 'id' could be that of several types; choose one with --type, FILE:TYPE or with a column named type",
    ),
    "two columns for one thing": (
        "m.csv",
        b"Subscription Name,subscription_name,version\nA,A,1\n",
        ": the columns 'Subscription Name' and 'subscription_name' both mean subscriptionName of Subscription; rename",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken(complaint, write, name: str) -> None:
    """Each kind of broken manifest is refused with its own words: file, line, what to do."""
    file, data, words = BROKEN[name]
    path = write(file, data)
    assert complaint(path).startswith(path + words)


def test_standard_input_has_a_name() -> None:
    """Messages about standard input say so."""
    with pytest.raises(ManifestError, match="standard input: the file is empty"):
        open_manifest("-", stdin=io.BytesIO())


def test_standard_input_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler may start a program without any standard input."""
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(ManifestError, match="standard input: it is closed"):
        open_manifest("-")


def test_what_is_no_file(tmp_path: Path) -> None:
    """Folder, pipe, missing file and impossible name, for the digest as for the manifest."""
    os.mkfifo(tmp_path / "pipe")
    for path, words in (
        (str(tmp_path), "this is a folder"),
        (str(tmp_path / "pipe"), "give the path as -"),
        (str(tmp_path / "missing"), "there is no such file; check the path"),
        (str(tmp_path / "a\0b"), "no file can have such a name"),
    ):
        for use in (digest, open_manifest):
            with pytest.raises(ManifestError, match=words):
                use(path)


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes there")
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    """It could stand in no ledger: refused, and shown without what is no text."""
    path = os.fsdecode(os.fsencode(str(tmp_path)) + b"/m\xfc.csv")
    Path(path).write_bytes(GOOD)
    with pytest.raises(ManifestError, match=r"/m\ufffd[.]csv: its name is not UTF-8; rename it"):
        open_manifest(path)


def test_no_permission(write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read."""
    path = write("m.csv", GOOD)
    monkeypatch.setattr(Path, "open", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "denied")))
    with pytest.raises(ManifestError, match="no permission to read it"):
        open_manifest(path)


VALID = {
    "m.csv": GOOD,
    "m.jsonl": b'{"invoiceNumber": "INV1", "x": [1]}\n' * 20,
    "m.csv.gz": gzip.compress(GOOD),
    "m.zip": zipped(m=GOOD),
    "m.parquet": parquet_of(),
    "m.xlsx": workbook_of(),
}


@pytest.mark.parametrize("name", VALID)
def test_damage_anywhere(write, name: str) -> None:
    """Whatever happens to the bytes of a good manifest, it is read or refused: nothing else is ever raised."""
    rng = random.Random(name)
    for _ in range(60):
        data = bytearray(VALID[name])
        for _ in range(rng.choice([1, 1, 4])):
            at = rng.randrange(len(data))
            data[at : at + rng.randrange(3)] = rng.choice([b"", b"\0", b'"', b"\r", b",", b"\xff", rng.randbytes(2)])
        try:
            with open_manifest(write(name, bytes(data))) as source:
                judge = checker(source.columns, path=source.path)
                assert all(judge.check(batch) for batch in source.batches(7))
        except ManifestError as error:
            assert name in str(error)
