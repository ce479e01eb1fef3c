"""The result file of a data backfill job: the uploaded CSV plus the columns `Success` and `Error Message`, in a zip.

What comes from outside is read with suspicion: one CSV inside, no more bytes than can be, nothing written to disk.
Source: Zuora product documentation, "Data backfill" (result file).
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from runner.domain.model import RowOutcome, State
from runner.zuora.jobs.status import Job, count, is_completed

SUCCESS, MESSAGE = "Success", "Error Message"
ZIP = b"PK"
MESSAGE_BYTES = 4096  # a row's share of what the result may have more than the upload
YES, NO = frozenset({"true", "yes", "success"}), frozenset({"false", "no", "failed", "fail", "failure"})


class ResultRefused(Exception):
    """The file is no result of ours; the message says what it is instead."""


class RecordResult(NamedTuple):
    """What the result says of one record; `success` is None if it says nothing that can be understood."""

    success: bool | None
    message: str


def most_bytes(uploaded: int, rows: int) -> int:
    """How many bytes the result of an upload may have, unpacked."""
    return 2 * uploaded + MESSAGE_BYTES * (rows + 16)


def unpacked(content: bytes, most: int) -> bytes:
    """The CSV in a result file. Raises ResultRefused for foreign members, bombs and damage."""
    if not content.startswith(ZIP):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(_member(archive, most)) as member:
            unpacked = member.read(most + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise ResultRefused(f"a zip that cannot be read ({error})") from error
    if len(unpacked) > most:
        raise ResultRefused(f"a zip that unpacks to more than {most:,} bytes")
    return unpacked


def _member(archive: zipfile.ZipFile, most: int) -> zipfile.ZipInfo:
    members = archive.infolist()
    if len(members) != 1:
        raise ResultRefused(f"a zip of {len(members)} members where one CSV was due")
    (member,) = members
    name = member.filename
    if not name.lower().endswith(".csv") or "/" in name or "\\" in name:
        raise ResultRefused(f"a zip that holds {name[:80]!r}, which is not a CSV that was requested")
    if member.flag_bits & 0x1:
        raise ResultRefused("a zip with a password")
    if member.file_size > most:
        raise ResultRefused(f"a zip that unpacks to {member.file_size:,} bytes, more than the {most:,} that can be")
    return member


def record_results(content: bytes, id_header: str) -> dict[str, RecordResult]:
    """What the result says of each record, by its id. Raises ResultRefused if it is no such CSV."""
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = next(reader, [])
        positions = [_position(header, name) for name in (id_header, SUCCESS, MESSAGE)]
        results: dict[str, RecordResult] = {}
        for name, result in (_row(row, positions) for row in reader if row):
            if name in results and results[name].success != result.success:
                result = RecordResult(None, "it has the record twice, with different results")
            results[name] = result
        return results
    except (UnicodeDecodeError, csv.Error) as error:
        raise ResultRefused(f"no CSV ({error})") from error


def _position(header: list[str], name: str) -> int:
    if name not in header:
        raise ResultRefused(f"a CSV without the column {name!r}")
    return len(header) - 1 - header[::-1].index(name)  # the last: the result's own columns stand behind the upload's


def _row(row: list[str], positions: list[int]) -> tuple[str, RecordResult]:
    if len(row) <= max(positions):
        raise ResultRefused("a CSV with a row that is too short")
    name, success, message = (row[position] for position in positions)
    word = success.strip().lower()
    return name.strip(), RecordResult(True if word in YES else False if word in NO else None, message.strip())


def fates(lines: Mapping[str, int], reported: Mapping[str, RecordResult], job: Job) -> tuple[RowOutcome, ...]:
    """One outcome a row; `lines` are the run's lines of the uploaded records, by their ids."""
    silent = State.UNKNOWN if is_completed(job) or _reports_less(reported, job) else State.FAILED
    return tuple(_fate(line, reported.get(record), job, silent) for record, line in lines.items())


def _reports_less(reported: Mapping[str, RecordResult], job: Job) -> bool:
    """Whether a result has fewer records than the job has updated."""
    good = count(job, "successCount")
    if good is None:
        return (count(job, "processedCount") or 0) > len(reported)
    return good > sum(result.success is True for result in reported.values())


def _fate(line: int, reported: RecordResult | None, job: Job, silent: State) -> RowOutcome:
    """`silent` is the fate of what the result does not tell of."""
    if reported is None:
        return RowOutcome(line, silent, f"the result file of the job, which is {job['status']}, does not mention it")
    if reported.success is None:
        return RowOutcome(line, State.UNKNOWN, f"the result file says neither true nor false: {reported.message}")
    if reported.success:
        return RowOutcome(line, State.SUCCEEDED)
    return RowOutcome(line, State.FAILED, reported.message or "no reason was given")


def difference(rows: Iterable[RowOutcome], foreign: int, job: Job) -> str | None:
    """How a result differs from the counts that the job reports; `foreign`: records that were not uploaded."""
    counted = Counter(row.state for row in rows)
    good, bad = counted[State.SUCCEEDED], counted[State.FAILED]
    due = (count(job, "successCount"), count(job, "failedCount"))
    if not foreign and (None in due or due == (good, bad)):
        return None
    return (
        f"the result file has {good} good and {bad} bad records and {foreign} that were not uploaded, the job of "
        f"{due[0]} and {due[1]}"
    )
