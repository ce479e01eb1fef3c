"""The file of a data query, as tenants may write it: checked to be whole, its columns put into the order asked for.

Published: comma, LF, names in lower case, NULL as nothing. Taken all the same: other cases and orders of names, further
columns, quotes, CRLF, a byte order mark, GZIP or ZIP.
"""

from __future__ import annotations

import csv
import gzip
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from runner.zuora.data_query.job import QueryFailedError
from runner.zuora.envelope import BOM

CHUNK = 1 << 20
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
DAMAGE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


def append(answer: IO[bytes], file: IO[bytes], columns: Sequence[str], stated: int | None) -> int:
    """Add the rows of an answer to an extract of these columns; returns how many there are.

    Raises QueryFailedError if the answer is not what was asked for, or has not as many rows as the job states.
    """
    with _unpacked(answer) as plain:
        rows = _count(plain)
        if stated is not None and rows != stated:
            reason = f"the tenant states {stated:,} rows for a query; {rows:,} came: try again"
            raise QueryFailedError(reason, may_pass=True)
        _refuse_half_a_row(plain)
        begin = file.tell()
        try:
            if rows:
                _copy(plain, file, columns)
        except QueryFailedError:
            file.seek(begin)  # the same answer may be fetched again
            file.truncate()
            raise
        return rows


def header(answer: IO[bytes]) -> list[str]:
    """The names of the columns of an answer, in lower case, whatever it is packed in; none where it is empty."""
    with _unpacked(answer) as plain:
        return names(plain)


def names(answer: IO[bytes]) -> list[str]:
    """The names of the columns of an answer, in lower case; it is left behind its header."""
    answer.seek(0)
    header = answer.readline().decode("utf-8-sig", "replace").strip()
    return [name.strip().lower() for name in next(csv.reader([header]), [])]


def ends_a_line(answer: IO[bytes]) -> bool | None:
    """Whether an answer ends with the end of a line; None where it is empty."""
    with _unpacked(answer) as plain:
        last = _last_line(plain)
        return last.endswith(b"\n") if last else None


def _last_line(plain: IO[bytes]) -> bytes:
    """The last line of a file, the end alone of one that is whole or too long to be looked at; nothing of nothing."""
    size = plain.seek(0, io.SEEK_END)
    plain.seek(max(0, size - CHUNK))
    content = plain.read()
    if content in (b"", BOM):
        return b""
    _, newline, last = content.rpartition(b"\n")
    return last if last and (newline or size <= CHUNK) else b"\n"


def _refuse_half_a_row(plain: IO[bytes]) -> None:
    """Raises QueryFailedError for a file that breaks off inside its last row: it has as many lines as a whole one."""
    columns, last = len(names(plain)), _last_line(plain)
    if last.endswith(b"\n") or not last or b'"' in last:
        return  # quotes are counted with all rows
    if last.count(b",") + 1 != columns:
        raise QueryFailedError("the file of the data query breaks off inside a row: try again", may_pass=True)


@contextmanager
def _unpacked(answer: IO[bytes]) -> Iterator[IO[bytes]]:
    """The answer itself, or what is in it."""
    answer.seek(0)
    head = answer.read(4)
    answer.seek(0)
    if not head.startswith((GZIP, ZIP)):
        yield answer
        return
    with tempfile.TemporaryFile() as plain:
        try:
            if head.startswith(GZIP):
                shutil.copyfileobj(gzip.GzipFile(fileobj=answer), plain, CHUNK)
            else:
                _unzip(answer, plain)
        except DAMAGE as error:
            raise QueryFailedError(
                f"the file of the data query cannot be unpacked ({error}): try again", may_pass=True
            ) from error
        yield plain


def _unzip(answer: IO[bytes], plain: IO[bytes]) -> None:
    with zipfile.ZipFile(answer) as archive:
        members = archive.infolist()
        if len(members) != 1:
            raise QueryFailedError(f"the file of the data query is a zip of {len(members)} files where 1 was due")
        with archive.open(members[0]) as member:
            shutil.copyfileobj(member, plain, CHUNK)


def _copy(answer: IO[bytes], file: IO[bytes], columns: Sequence[str]) -> None:
    """Add the rows: as they are where the columns are those asked for, else cell by cell."""
    header = names(answer)
    missing = [column for column in columns if column not in header]
    if missing:
        raise QueryFailedError(f"a data query came back without the column {', '.join(missing)}: {header}"[:500])
    if header == list(columns):
        left = _end(answer, len(header)) - answer.tell()
        while left > 0 and (chunk := answer.read(min(CHUNK, left))):
            left -= file.write(chunk)
        if chunk[-1:] != b"\n":  # the next answer begins a line of its own
            file.write(b"\n")
        return
    positions = [header.index(column) for column in columns]
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    try:
        with _rows(answer) as rows:
            writer.writerows([row[position] for position in positions] for row in rows if row)
    finally:
        text.detach()  # else the file would be closed with it


def _count(answer: IO[bytes]) -> int:
    """How many rows a CSV has, without its header; those of a file that breaks off inside a row are fewer."""
    left = _end(answer, len(names(answer)))
    answer.seek(0)
    lines, quotes, last = 0, False, b""
    while chunk := answer.read(min(CHUNK, left)):
        left -= len(chunk)
        lines += chunk.count(b"\n")
        quotes = quotes or b'"' in chunk or b"\r" in chunk
        last = chunk[-1:]
    if not quotes:
        return max(0, lines + (last not in (b"", b"\n")) - 1)
    answer.seek(0)
    with _rows(answer) as rows:
        return max(0, sum(1 for row in rows if row) - 1)


def _end(answer: IO[bytes], columns: int) -> int:
    """Where the last line ends: empty lines behind it are no rows, unless a row is one column, which may be empty. The
    answer is left where it was."""
    here, end = answer.tell(), answer.seek(0, io.SEEK_END)
    while columns > 1 and end > 3:
        answer.seek(end - 4)
        last = answer.read(4)
        if last != b"\r\n\r\n" and not last.endswith(b"\n\n"):
            break
        end -= 2 if last.endswith(b"\r\n") else 1
    answer.seek(here)
    return end


@contextmanager
def _rows(answer: IO[bytes]) -> Iterator[Iterator[list[str]]]:
    text = io.TextIOWrapper(answer, "utf-8-sig", newline="")
    try:
        yield csv.reader(text)
    except (csv.Error, UnicodeDecodeError, IndexError) as error:
        raise QueryFailedError(f"the file of the data query is not CSV ({error})", may_pass=True) from error
    finally:
        text.detach()
