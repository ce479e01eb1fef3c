"""What the tenant said of unknown rows when it was asked: files beside the outcomes, the last of which is read here.

`reconcile --query` writes one into `after/<UTC time>/`; the outcome in the ledger stays what it is.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from runner.runs.folder import RunFolder
from runner.runs.seal import AFTER

NAME = "reconcile-unknown.csv"
HEADER = ("regen_line", "object", "outcome", "answer", "ids", "updated", "reason")


def latest(folder: RunFolder) -> Path | None:
    """The last file of annotations; None if the tenant was never asked."""
    found = sorted((folder.path / AFTER).glob(f"*/{NAME}"))
    return found[-1] if found else next(iter(folder.path.glob(NAME)), None)


def of_row(folder: RunFolder, row: int) -> dict[str, str] | None:
    """What was last said of a row: answer, ids, updated, reason, and the file that says so."""
    place = latest(folder)
    if place is None:
        return None
    with place.open(encoding="utf-8", newline="") as file:
        told = next((one for one in csv.DictReader(file) if one["regen_line"] == str(row)), None)
    return None if told is None else {name: told[name] for name in HEADER[3:]} | {"file": str(place)}


def summed(folder: RunFolder) -> str | None:
    """The last answers counted, for people."""
    place = latest(folder)
    if place is None:
        return None
    with place.open(encoding="utf-8", newline="") as file:
        answers = Counter(one["answer"] for one in csv.DictReader(file))
    told = ", ".join(f"{count:,} {answer}" for answer, count in answers.items())
    return f"the tenant, asked about unknown rows: {told} ({place})"
