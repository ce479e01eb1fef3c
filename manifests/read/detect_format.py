"""Which format a manifest is in: its first bytes say, and where they do not, its suffix."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn, Protocol
from zipfile import ZipFile

from manifests.errors import MalformedManifest, UnreadableManifest, place
from manifests.read.decoding import Text
from manifests.read.delimited import Delimited
from manifests.read.excel import Workbook
from manifests.read.jsonlines import JsonLines
from manifests.read.parquet import Parquet
from manifests.read.raw_file import GZIP, ZIP, Origin

if TYPE_CHECKING:
    from pandas import DataFrame

_PARQUET = b"PAR1"
_FOREIGN = {
    b"PARE": "an encrypted Parquet file; decrypt it first",
    b"\xd0\xcf\x11\xe0": "an old or password-protected Excel file; save it as .xlsx without a password, or as CSV",
    b"\x28\xb5\x2f\xfd": "packed with zstd; unpack it first",
    b"\xfd7zXZ": "packed with xz; unpack it first",
    b"BZh": "packed with bzip2; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"%PDF": "a PDF; export the data as CSV",
    b"ORC": "an ORC file; write it as Parquet or CSV",
    b"Obj\x01": "an Avro file; write it as Parquet or CSV",
}
_PROMISED = {".parquet": "Parquet", ".pq": "Parquet", ".xlsx": "an Excel workbook", ".xlsm": "an Excel workbook"}
_JSON = (".jsonl", ".ndjson", ".json")


class Table(Protocol):
    """What every format offers: all its headers, and its rows as frames of text.

    `escaped` says whether a results file in this format has a `'` before what could be taken for a formula.
    """

    headers: tuple[str, ...]
    escaped: bool

    def frames(self, rows: int) -> Iterator[DataFrame]:
        """The rows in file order, about `rows` a frame, never an empty one."""
        ...


def table_of(origin: Origin) -> Table:
    """The manifest in its format. Raises ManifestError if there is none that fits."""
    if origin.magic.startswith(_PARQUET):
        return Parquet(origin)
    if origin.magic.startswith(ZIP) and _is_workbook(origin):
        return Workbook(origin)
    _refuse_broken_promise(origin)
    return _text_table(origin)


def _is_workbook(origin: Origin) -> bool:
    with origin.raw() as raw, ZipFile(raw) as archive:
        return "xl/workbook.xml" in archive.namelist()


def _refuse_broken_promise(origin: Origin) -> None:
    """A suffix that promises what the first bytes do not hold."""
    packed = origin.magic.startswith((GZIP, *ZIP))
    if not packed and origin.suffix in _PROMISED:
        _refuse(origin, f"not {_PROMISED[origin.suffix]}, whatever its name says; write or fetch it again")
    if not packed and origin.path.lower().endswith((".gz", ".zip")):
        _refuse(origin, "not compressed, whatever its name says; fetch it again, or take the suffix off")


def _text_table(origin: Origin) -> Table:
    head = origin.head()
    if not head.strip():
        raise MalformedManifest(f"{place(origin.path)}: the file is empty; it needs a header and at least one row")
    for magic, what in _FOREIGN.items():
        if head.startswith(magic) and (len(magic) > 3 or b"\0" in head[:64]):
            _refuse(origin, what)
    if head.startswith((_PARQUET, GZIP, *ZIP)):
        _refuse(origin, "packed twice, or a packed workbook or Parquet file; unpack it first")
    text = Text(origin, head)
    return JsonLines(text) if _is_json(text) else Delimited(text)


def _is_json(text: Text) -> bool:
    start = text.head.lstrip()
    if text.origin.suffix in _JSON:
        return True
    if not start.startswith("{"):
        return False
    try:
        return bool(json.loads(start.splitlines()[0]))
    except ValueError:
        return False


def _refuse(origin: Origin, what: str) -> NoReturn:
    raise UnreadableManifest(f"{place(origin.path)}: this is {what}")
