"""Which format a manifest is in: its first bytes say, and where they do not, its suffix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NoReturn, Protocol
from zipfile import ZipFile

from manifests.errors import MalformedManifest, UnreadableManifest, location
from manifests.read.decoding import Text
from manifests.read.delimited import Delimited
from manifests.read.excel import Workbook
from manifests.read.frames import Piece
from manifests.read.jsonlines import JsonLines
from manifests.read.package_parts import Parts
from manifests.read.parquet import Parquet
from manifests.read.raw_file import GZIP, ZIP, Origin
from manifests.reading import Reading

_PARQUET = b"PAR1"
_OLE = b"\xd0\xcf\x11\xe0"  # .xls, and every workbook with a password
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # a stream of a workbook with a password
_TAR = (257, b"ustar")
_FOREIGN = {
    b"PARE": "an encrypted Parquet file; decrypt it first",
    b"\x28\xb5\x2f\xfd": "packed with zstd; unpack it first",
    b"\x04\x22\x4d\x18": "packed with lz4; unpack it first",
    b"\x02\x21\x4c\x18": "packed with lz4; unpack it first",
    b"\x1f\x9d": "packed with compress; unpack it first",
    b"\xff\x06\x00\x00sNaPpY": "packed with snappy; unpack it first",
    b"\xfd7zXZ": "packed with xz; unpack it first",
    b"BZh": "packed with bzip2; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    b"%PDF": "a PDF; export the data as CSV",
    b"ORC": "an ORC file; write it as Parquet or CSV",
    b"Obj\x01": "an Avro file; write it as Parquet or CSV",
    b"ARROW1": "a Feather (Arrow IPC) file; write it as Parquet or CSV",
    b"FEA1": "a Feather file; write it as Parquet or CSV",
    b"SQLite format 3\x00": "an SQLite database; export the table as CSV",
    b"\x89HDF": "an HDF5 file; write it as Parquet or CSV",
    b"\x80\x02}": "a pickle; write it as Parquet or CSV",
    b"\x80\x03}": "a pickle; write it as Parquet or CSV",
    b"\x80\x04\x95": "a pickle; write it as Parquet or CSV",
    b"\x80\x05\x95": "a pickle; write it as Parquet or CSV",
    b"\x93NUMPY": "a NumPy array; write it as Parquet or CSV",
    b"\x00\x01\x00\x00Standard": "an Access database; export the table as CSV",
    b"\x89PNG": "a picture; export the data as CSV",
    b"\xff\xd8\xff": "a picture; export the data as CSV",
    b"-----BEGIN PGP": "encrypted or signed with PGP; decrypt it first",
    b"version https://git-lfs": "a pointer of Git LFS, not the file; fetch the file (git lfs pull)",
    b"{\\rtf": "a rich text document; save it as plain text or CSV",
}
_SHORT = (b"BZh", b"\x1f\x9d", b"\xff\xd8\xff", b"\x80\x02}", b"\x80\x03}")  # no text begins so
_PROMISED = {
    ".parquet": "Parquet",
    ".pq": "Parquet",
    ".xlsx": "an Excel workbook",
    ".xlsm": "an Excel workbook",
    ".xlsb": "an Excel workbook",
    ".xls": "an Excel workbook",
    ".ods": "an OpenDocument workbook",
}
_JSON = (".jsonl", ".ndjson", ".json")
_OBJECT = re.compile(r'\{\s*"(?:[^"\\]|\\.)*"\s*:')
_HTML = re.compile(r"\ufeff?\s*(?:<!doctype html|<html|<table|<meta|<head)", re.IGNORECASE)
_XML = re.compile(r"\ufeff?\s*<\?xml", re.IGNORECASE)


class Table(Protocol):
    """What every format offers: all its headers, and its rows as pieces of text.

    `escaped` says whether a results file in this format has a `'` before what could be taken for a formula.
    `header_row` is the number of the row of the header (0: none), `unit` what the person's program calls a row,
    `sheet` the sheet of a workbook, `notes` what its maker may not see.
    """

    headers: tuple[str, ...]
    escaped: bool
    header_row: int
    unit: str
    sheet: str | None
    notes: Sequence[str]

    def frames(self, rows: int) -> Iterator[Piece]:
        """The rows in file order, about `rows` a piece, never an empty one."""
        ...


def table_of(origin: Origin, reading: Reading) -> Table:
    """The manifest in its format. Raises ManifestError if there is none that fits."""
    if origin.magic.startswith(_PARQUET):
        table: Table = Parquet(origin)
    elif origin.magic.startswith(ZIP) and (kind := _workbook(origin)):
        table = Workbook(origin, reading, kind=kind)
    elif origin.magic.startswith(_OLE):
        _refuse_password(origin)
        table = Workbook(origin, reading, kind="xls")
    else:
        table = _text_table(origin, reading)
    if reading.sheet is not None and table.sheet is None:
        raise UnreadableManifest(
            f"{location(origin.path)}: --sheet is for workbooks, and this is not one; leave it out"
        )
    if reading.header_row is not None and not isinstance(table, Workbook | Delimited):
        raise UnreadableManifest(f"{location(origin.path)}: --header-row is for CSV files and workbooks; leave it out")
    return table


def _workbook(origin: Origin) -> str | None:
    """Which kind of workbook a zip is."""
    with origin.raw() as raw, ZipFile(raw) as archive:
        names = set(archive.namelist())
        if kind := Parts(archive).workbook:
            return kind
        if "mimetype" in names and b"opendocument.spreadsheet" in archive.read("mimetype"):
            return "ods"
        if "[Content_Types].xml" in names or "mimetype" in names:
            _refuse(origin, "an office document, but not a workbook; export the data as CSV")
    return None


def _refuse_password(origin: Origin) -> None:
    with origin.raw() as raw:
        content = raw.read(16 * 1024 * 1024)
    if _ENCRYPTED in content:
        _refuse(origin, "a workbook that is protected by a password; save it without the password, or as CSV")


def _text_table(origin: Origin, reading: Reading) -> Table:
    head = origin.head()
    if not head.strip():
        raise MalformedManifest(f"{location(origin.path)}: the file is empty; it needs a header and at least one row")
    _refuse_foreign(origin, head)
    if not origin.magic.startswith((GZIP, *ZIP)):
        _refuse_broken_promise(origin)
    if origin.magic.startswith(ZIP) and head.startswith(_OLE):
        _refuse(origin, "a packed workbook; unpack it first")
    text = Text(origin, head, reading.encoding)
    _refuse_markup(origin, text.head)
    return JsonLines(text) if _is_json(text) else Delimited(text, reading)


def _refuse_foreign(origin: Origin, head: bytes) -> None:
    for magic, what in _FOREIGN.items():
        if head.startswith(magic) and (len(magic) > 3 or b"\0" in head[:64] or magic in _SHORT):
            _refuse(origin, what)
    if head.startswith((_PARQUET, GZIP, *ZIP)):
        _refuse(origin, "packed twice, or a packed workbook or Parquet file; unpack it first")
    offset, magic = _TAR
    if head[offset:].startswith(magic):
        _refuse(origin, "a tar archive; unpack it first")


def _refuse_broken_promise(origin: Origin) -> None:
    """A suffix that promises what the first bytes are not."""
    head = origin.head()[:512]
    if origin.suffix in _PROMISED and not (b"<" in head and _markup(head.decode("utf-8", "replace"))):
        _refuse(origin, f"not {_PROMISED[origin.suffix]}, whatever its name says; write or fetch it again")
    if origin.path.lower().endswith((".gz", ".zip")):
        _refuse(origin, "not compressed, whatever its name says; fetch it again, or take the suffix off")


def _refuse_markup(origin: Origin, head: str) -> None:
    if what := _markup(head):
        _refuse(origin, f"{what}; open it in a spreadsheet and save it as .xlsx or CSV")


def _markup(head: str) -> str | None:
    if _HTML.match(head):
        return "a web page (HTML), whatever its name says"
    if _XML.match(head):
        return "XML"
    return None


def _is_json(text: Text) -> bool:
    start = text.head.lstrip("\ufeff \t\r\n")
    if text.origin.suffix in _JSON:
        _refuse_array(text, start)
        return True
    if start.startswith("[") and re.match(r"\[\s*[\[{]", start):
        _refuse_array(text, start)
    return _OBJECT.match(start) is not None


def _refuse_array(text: Text, start: str) -> None:
    if start.startswith("["):
        _refuse(
            text.origin, "one JSON array; write JSON Lines, one object a line (pandas: orient='records', lines=True)"
        )


def _refuse(origin: Origin, what: str) -> NoReturn:
    raise UnreadableManifest(f"{location(origin.path)}: this is {what}")
