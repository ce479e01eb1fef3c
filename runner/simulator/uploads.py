"""Uploaded files: what is in them, and the result files that are made of them.

Source: "Create a data backfill job": a .csv or a zipped .csv. The result file is a zip of the uploaded CSV plus
the columns `Success` and `Error Message`.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Callable

from runner.simulator.request import Upload

LARGEST_BYTES = 4 * 1024 * 1024
RESULT_COLUMNS = ["Success", "Error Message"]

Rows = list[list[str]]
Judge = Callable[[list[str]], str]  # a row → its error message, empty if it is good


def rows_of(upload: Upload) -> Rows:
    """Header and rows of the uploaded CSV. Raises ValueError if it is no CSV or no zip of one."""
    content = _unzipped(upload)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("The file is not UTF-8") from None
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as wrong:
        raise ValueError(f"The file is no CSV: {wrong}") from None
    if len(rows) < 2:
        raise ValueError("The file has no rows")
    return rows


def _unzipped(upload: Upload) -> bytes:
    name = upload.name.lower()
    if name.endswith(".csv"):
        return upload.content
    if not name.endswith(".zip"):
        raise ValueError("The file must be a .csv file or a zipped .csv file")
    try:
        with zipfile.ZipFile(io.BytesIO(upload.content)) as archive:
            names = [inside for inside in archive.namelist() if inside.lower().endswith(".csv")]
            if len(names) != 1:
                raise ValueError("The zip must hold one .csv file")
            return archive.read(names[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):  # RuntimeError: encrypted, or packed otherwise
        raise ValueError("The file is no zip that can be read") from None


def result_of(rows: Rows, judge: Judge) -> tuple[bytes, int]:
    """The CSV with the two columns more, and how many rows failed."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(rows[0] + RESULT_COLUMNS)
    errors = [judge(row) for row in rows[1:]]
    for row, error in zip(rows[1:], errors, strict=True):
        writer.writerow([*row, "false" if error else "true", error])
    return out.getvalue().encode(), sum(map(bool, errors))


def zipped(name: str, content: bytes) -> bytes:
    """A zip of one file; the same bytes for the same content."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
