"""Unknown rows in the light of an extract: whether their work was done, where that is certain.

The outcome in the ledger stays `unknown`; what is told here stands beside it. Which columns name the object of a
transaction is not published: those of a regenerate call are looked for, and without them nothing is certain.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from manifests import open_manifest
from runner.audit.extract_diff import batches, moments, transactions
from runner.ledger import Store
from runner.ledger.queries import Unknown
from runner.runs.annotations import HEADER
from runner.system.atomic_file import replacing
from runner.system.csv_dialect import csv_text, safe
from runner.system.timestamps import iso

DONE, NOT_DONE, CANNOT_TELL = "done", "not done", "cannot tell"
SETTLED_SECONDS = 900  # after its last attempt no work of a request goes on behind the scenes
CLOCK_SECONDS = 1  # a row updated so much before the first attempt may still be of it: times are cut off

FIELDS = {"id": "documentid", "documentId": "documentid", "number": "documentnumber"}  # else the field in lower case


@dataclass(frozen=True)
class Annotation:
    """What the tenant says of one unknown row."""

    row: int
    label: str
    answer: str
    reason: str
    ids: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()


@dataclass
class _Seen:
    """What an extract holds of the object of one unknown row, from its first attempt on."""

    unknown: Unknown
    ids: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)


def annotated(store: Store, operation: str, unknown: Sequence[Unknown], extract: Path, now: int) -> list[Annotation]:
    """What an extract of the run's time says of unknown rows. `now` is when it was taken, in microseconds."""
    if not unknown:
        return []
    with open_manifest(str(extract)) as source:
        headers = {header.lower(): header for header in source.columns}
        found: dict[tuple[str, ...], dict[tuple[str, ...], list[_Seen]]] = {}
        blind = []
        for one in unknown:
            fields = _fields(one)
            if fields and headers.keys() >= {*fields, "id", "updateddate"}:
                found.setdefault(tuple(fields), {}).setdefault(tuple(fields.values()), []).append(_Seen(one))
            else:
                blind.append(one)
        for batch in batches(source):
            for names, objects in found.items():
                _look(batch.frame.rename(columns=str.lower), names, objects)
    same = [seen for objects in found.values() for seen in objects.values()]
    taken = _taken(store, operation, {made for seen in same for one in seen for made in one.ids})
    taken |= {made for seen in same for made in _shared(seen)}
    told = [_annotation(one, taken, now) for seen in same for one in seen]
    told += [_cannot(one, "the extract has no columns that name such an object") for one in blind]
    return sorted(told, key=lambda one: one.row)


def _fields(unknown: Unknown) -> dict[str, str]:
    """The columns that name the object of a request, and their values."""
    body = json.loads(unknown.body or "{}")
    return {FIELDS.get(name, name.lower()): str(value) for name, value in body.items() if name != "type"}


def _look(frame: object, fields: tuple[str, ...], objects: dict[tuple[str, ...], list[_Seen]]) -> None:
    """Note the transactions of these objects that were updated from their first attempt on."""
    import pandas as pd

    assert isinstance(frame, pd.DataFrame)
    times, known = moments(frame["updateddate"])
    names = zip(*(frame[name].tolist() for name in fields), strict=True)
    for at, name in enumerate(names):
        for seen in objects.get(name, ()):
            if known[at] and times[at] >= seen.unknown.first_at - CLOCK_SECONDS * 1_000_000:
                seen.ids.append(str(frame["id"].iat[at]))
                seen.updated.append(iso(int(times[at])))


def _taken(store: Store, operation: str, ids: set[str]) -> set[str]:
    """Those of the ids that another request of the run made."""
    return {one for made in transactions(store, operation) for one in made.ids if one in ids} if ids else set()


def _shared(seen: Sequence[_Seen]) -> set[str]:
    """The ids that may be of more than one of these rows, which name the same object in different steps."""
    return {made for made, rows in Counter(made for one in seen for made in set(one.ids)).items() if rows > 1}


def _annotation(seen: _Seen, taken: set[str], now: int) -> Annotation:
    one = seen.unknown
    ids = tuple(made for made in seen.ids if made not in taken)
    if ids and len(ids) == len(seen.ids):
        told = "transactions of this object were updated after the first attempt"
        return Annotation(one.row, one.label, DONE, told, ids, tuple(dict.fromkeys(seen.updated)))
    if seen.ids:
        return _cannot(one, "another row of the run names the same object")
    if now - one.last_at < SETTLED_SECONDS * 1_000_000:
        return _cannot(one, "nothing was updated yet, but the work may still be going on; ask again later")
    return Annotation(one.row, one.label, NOT_DONE, "no transaction of this object was updated since the first attempt")


def _cannot(unknown: Unknown, reason: str) -> Annotation:
    return Annotation(unknown.row, unknown.label, CANNOT_TELL, reason)


def written(place: Path, annotations: Sequence[Annotation]) -> Path:
    """Write annotations as CSV."""
    with replacing(place) as file:
        file.write(csv_text([HEADER, *map(_cells, annotations)]).encode())
    return place


def _cells(one: Annotation) -> Iterator[str]:
    cells = (str(one.row), one.label, "unknown", one.answer, " ".join(one.ids), " ".join(one.updated), one.reason)
    return map(safe, cells)
