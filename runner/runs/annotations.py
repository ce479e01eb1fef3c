"""What the tenant answered about unknown rows: files beside the outcomes, the last of which is read here.

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
    """The last file of annotations; None if the tenant was never queried."""
    files = sorted((folder.path / AFTER).glob(f"*/{NAME}"))
    return files[-1] if files else next(iter(folder.path.glob(NAME)), None)


def of_row(folder: RunFolder, row: int) -> dict[str, str] | None:
    """The last answer about a row: answer, ids, updated, reason, and the file with it."""
    path = latest(folder)
    if path is None:
        return None
    with path.open(encoding="utf-8", newline="") as file:
        answer = next((entry for entry in csv.DictReader(file) if entry["regen_line"] == str(row)), None)
    return None if answer is None else {name: answer[name] for name in HEADER[3:]} | {"file": str(path)}


def answers(folder: RunFolder) -> Counter[str]:
    """How many rows have each of the last answers; none if the tenant was never queried."""
    path = latest(folder)
    if path is None:
        return Counter()
    with path.open(encoding="utf-8", newline="") as file:
        return Counter(entry["answer"] for entry in csv.DictReader(file))


def summed(folder: RunFolder) -> str | None:
    """The last answers counted, for people."""
    path = latest(folder)
    if path is None:
        return None
    counted = ", ".join(f"{count:,} {answer}" for answer, count in answers(folder).items())
    return f"the tenant's answers about unknown rows: {counted} ({path})"
