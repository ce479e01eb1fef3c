"""Which character separates the fields of a text manifest. Decided on the header and a few lines, or refused."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import NoReturn

from manifests.errors import MalformedManifest, location
from manifests.header_mapping import meanings

CANDIDATES = (",", ";", "\t", "|")
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_USUAL = {".tsv": "\t", ".tab": "\t", ".psv": "|"}
_LINES = 20


@dataclass(frozen=True, order=True)
class Fit:
    """How well a separator explains the first lines: better is greater."""

    known: int  # headers that mean something to us
    even: float  # the share of rows that are as wide as the header
    width: int


def separator(head: str, *, complete: bool, path: str, suffix: str) -> str:
    """The separator of the fields. Raises MalformedManifest if two explain the text equally well."""
    fits = {c: fit for c in CANDIDATES if (fit := _fit(head, c, complete)) and fit.width > 1}
    usual = _USUAL.get(suffix, ",")
    if not fits:
        return usual
    best = max(fits.values())
    winners = [c for c, fit in fits.items() if fit == best]
    if len(winners) > 1:
        return usual if suffix in _USUAL and usual in winners else _refuse(winners, path)
    return winners[0]


def _refuse(winners: list[str], path: str) -> NoReturn:
    names = " or by ".join(NAMES[c] for c in winners)
    raise MalformedManifest(
        f"{location(path, 1)}: the fields could be separated by {names}; put the values into double quotes"
    )


def _fit(head: str, candidate: str, complete: bool) -> Fit | None:
    records = _records(head, candidate, complete)
    if not records:
        return None
    header, *rows = records
    even = sum(len(row) == len(header) for row in rows) / len(rows) if rows else 1.0
    return Fit(sum(bool(meanings(name)) for name in header), even, len(header))


def _records(head: str, candidate: str, complete: bool) -> list[list[str]]:
    """The first records that are not blank; none if the quotes contradict the candidate."""
    reader = csv.reader(StringIO(head, newline=""), delimiter=candidate, strict=True)
    records: list[list[str]] = []
    try:
        records.extend(islice(filter(None, reader), _LINES))
    except csv.Error as error:  # an open quote may be the end of the head; a closed one in mid-field may not
        return [] if "expected after" in str(error) else records
    return records if complete or len(records) == _LINES else records[:-1]
