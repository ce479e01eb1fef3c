"""The columns of a run's results: the manifests' own, then ours; and the values of a row in them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import msgspec

from runner.domain.identity import key, track_id
from runner.ledger.queries import ManifestFacts, ResultLine
from runner.zuora.categories import category_word

_texts = msgspec.json.Decoder(list[str | None]).decode  # of cells, of ids

SCHEMA_VERSION = "1"
COLUMNS = (
    ("regen_run", "string"),
    ("regen_step", "int32"),
    ("regen_line", "int64"),
    ("regen_source", "string"),
    ("regen_row", "int64"),
    ("regen_operation", "string"),
    ("regen_type", "string"),
    ("regen_object", "string"),
    ("regen_state", "string"),
    ("regen_outcome", "string"),
    ("regen_id_list", "list"),
    ("regen_id_count", "int32"),
    ("regen_error_code", "string"),
    ("regen_error_category", "string"),
    ("regen_error_message", "string"),
    ("regen_http_status", "int32"),
    ("regen_key", "string"),
    ("regen_generation", "int32"),
    ("regen_attempts", "int32"),
    ("regen_replayed", "bool"),
    ("regen_track_id", "string"),
    ("regen_request_id", "string"),
    ("regen_process_id", "string"),
    ("regen_first_sent_at", "timestamp"),
    ("regen_settled_at", "timestamp"),
    ("regen_latency_ms", "float64"),
    ("regen_duplicate_of", "int64"),
)


KEYLESS = frozenset({"data-backfill"})  # operations that are sent without an Idempotency-Key


class Layout:
    """The columns of a run's results: the manifests' own, in order of first appearance, then ours."""

    def __init__(self, run: str, sources: Sequence[ManifestFacts]) -> None:
        self.run = run
        self.sources = sources
        self.own = tuple(dict.fromkeys(itertools.chain.from_iterable(source.columns for source in sources)))
        self._places = {source.number: self._place(source) for source in sources}

    @property
    def names(self) -> tuple[str, ...]:
        """All column names."""
        return (*self.own, *(name for name, _ in COLUMNS))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of all columns, in the order of `names`."""
        return (*["string"] * len(self.own), *(kind for _, kind in COLUMNS))

    def at(self, name: str) -> int:
        """The place of one of our columns."""
        return len(self.own) + next(at for at, (ours, _) in enumerate(COLUMNS) if ours == name)

    def row(self, line: ResultLine) -> list[Any]:
        """The values of a line, in the order of `names`; times in microseconds, ids as a list."""
        cells = _texts(line.cells)
        own = [None if at is None else cells[at] for at in self._places[line.manifest]]
        return own + _fate(self.run, line)

    def _place(self, source: ManifestFacts) -> list[int | None]:
        at = {name: place for place, name in enumerate(source.columns)}
        return [at.get(name) for name in self.own]


def _fate(run: str, line: ResultLine) -> list[Any]:
    """Our columns of a line."""
    state = line.state
    begun: list[Any] = [
        run,
        line.step,
        line.line,
        line.path,
        line.row,
        line.operation,
        line.type,
        line.object,
        state,
        line.request_state or state,
    ]
    duplicate_of = [line.request if state == "duplicate" else None]
    if line.problem is not None:
        return [*begun, None, None, None, "manifest", line.problem, *[None] * 11, *duplicate_of]
    if line.request_state == "pending":
        return begun + _pending(line) + duplicate_of
    return begun + _settled(line) + duplicate_of


def _pending(line: ResultLine) -> list[Any]:
    tries, digest = line.pending_attempts or 0, line.digest or ""
    sent = [key_of(line, line.next_generation or 0), line.next_generation] if tries else [None, None]
    track = track_id(digest, tries) if tries else None
    return [*[None] * 6, *sent, tries, None, track, None, None, line.pending_first_sent_at, None, None]


def key_of(line: ResultLine, generation: int) -> str | None:
    """The idempotency key of a line's request; None for an upload, which is sent without one."""
    return None if line.operation in KEYLESS else key(line.digest or "", generation)


def _settled(line: ResultLine) -> list[Any]:
    ids = _texts(line.ids or "[]") if line.outcome == "succeeded" else None
    generation, attempts, digest = line.generation or 0, line.attempts or 0, line.digest or ""
    return [
        ids,
        None if ids is None else len(ids),
        line.code,
        category_word(line.outcome, line.category, line.http_status),
        line.message,
        line.http_status,
        key_of(line, generation),
        generation,
        attempts,
        bool(line.replayed),
        track_id(digest, attempts),
        line.request_id,
        line.process_id,
        line.first_sent_at,
        line.settled_at,
        line.latency_ms,
    ]
