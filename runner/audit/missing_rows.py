"""The rows whose transactions a tenant lacks, as a manifest again: their own columns, a line a row, with their mode.

Ids of transactions name no object that could be regenerated; they are in a file of their own that no run accepts.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.ledger import Store, queries
from runner.results.columns import Layout
from runner.results.next_steps import commands_of
from runner.results.writer import write_csv
from runner.runs.run_json import document_of
from runner.system.atomic_file import replacing
from runner.system.csv_dialect import csv_text, safe


@dataclass(frozen=True)
class MissingFiles:
    """The manifest of the rows, the ids that are missing, and the commands that send the rows again."""

    rows: Path
    ids: Path | None
    commands: tuple[str, ...] = ()

    @property
    def all(self) -> list[Path]:
        """The files."""
        return [self.rows, *([] if self.ids is None else [self.ids])]


def write_missing_rows(
    store: Store,
    folder: Path,
    name: str,
    rows: Sequence[int],
    ids: Mapping[int, Iterable[str]],
    *,
    ids_file: bool = True,
) -> MissingFiles:
    """Write `reconcile-NAME-missing.csv` (`reconcile-NAME.csv` without a file of ids) and the missing ids by row."""
    stem = f"reconcile-{name}".removesuffix("-")
    path = folder / (f"{stem}-missing.csv" if ids_file else f"{stem}.csv")
    write_csv(path, Layout.of(store), queries.lines(store, among=rows))
    if not ids_file:
        return MissingFiles(path, None)
    list_of_ids = folder / f"{stem}-missing-ids.csv"
    with replacing(list_of_ids) as file:
        file.write(csv_text([["transaction_id", "regen_line"]]).encode())
        for row, missing in ids.items():
            file.write(csv_text([[safe(text), str(row)] for text in missing]).encode())
    return MissingFiles(path, list_of_ids, tuple(_commands(store, path, rows)) if rows else ())


def _commands(store: Store, path: Path, rows: Sequence[int]) -> Iterable[str]:
    steps = {line.step for line in queries.lines(store, among=rows)}
    commands = commands_of(document_of(store), steps)
    if len(commands) == 1 and (command := next(iter(commands))) is not None:
        yield f"send them again: {command} {shlex.quote(str(path))}"


def write_rows_to_send(store: Store, path: Path, rows: Sequence[int]) -> tuple[Path, tuple[str, ...]]:
    """Write rows as a manifest to this path; returns it and the commands that send them again."""
    write_csv(path, Layout.of(store), queries.lines(store, among=rows))
    return path, tuple(_commands(store, path, rows)) if rows else ()
