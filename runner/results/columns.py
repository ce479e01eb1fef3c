"""The columns of the results: the manifests' own, then the runner's; and the values of a row in them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct

from runner.domain.identity import key, track_id
from runner.ledger import Manifest, Store
from runner.ledger.facts import RESULTS_VERSION
from runner.ledger.queries import ResultLine, StepFacts, manifests, steps
from runner.zuora.categories import category_word
from runner.zuora.operations import OPERATIONS

_texts = msgspec.json.Decoder(list[str | None]).decode  # of cells, of ids

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
    ("regen_mode", "string"),
    ("regen_was_unknown", "bool"),
    ("regen_sheet", "string"),
)
_RUNNERS_NAMES = frozenset(name for name, _ in COLUMNS)
_COLUMNS_OF_VERSION = {"1": COLUMNS[:27], RESULTS_VERSION: COLUMNS}  # version 1: up to 0.1.0


class Fate(Struct, kw_only=True):
    """The runner's columns of one row, by their names without `regen_`. Times in microseconds."""

    run: str
    step: int
    line: int
    source: str
    row: int
    operation: str | None
    type: str | None
    object: str | None
    state: str
    outcome: str
    id_list: list[str | None] | None = None
    id_count: int | None = None
    error_code: str | None = None
    error_category: str | None = None
    error_message: str | None = None
    http_status: int | None = None
    key: str | None = None
    generation: int | None = None
    attempts: int | None = None
    replayed: bool | None = None
    track_id: str | None = None
    request_id: str | None = None
    process_id: str | None = None
    first_sent_at: int | None = None
    settled_at: int | None = None
    latency_ms: float | None = None
    duplicate_of: int | None = None
    mode: str | None = None
    was_unknown: bool | None = None
    sheet: str | None = None


class Layout:
    """The columns of a run's results: the manifests' own, in order of first appearance, then the runner's.

    `version` is that of the results' columns: a run keeps the one that it was planned with.
    """

    def __init__(
        self,
        run: str,
        sources: Sequence[Manifest],
        steps: Sequence[StepFacts] = (),
        *,
        version: str = RESULTS_VERSION,
    ) -> None:
        self.run, self.version, self.sources = run, version, sources
        self.runners = _COLUMNS_OF_VERSION[version]
        self._columns = tuple(dict.fromkeys(itertools.chain.from_iterable(source.columns for source in sources)))
        self.own = tuple(map(_beside_the_runners, self._columns))
        self._positions = {source.number: self._positions_of(source) for source in sources}
        self._sheets = {source.number: source.sheet for source in sources}
        self._modes = {step.number: _mode_of_step(step) for step in steps}
        self._values = attrgetter(*(name.removeprefix("regen_") for name, _ in self.runners))

    @classmethod
    def of(cls, store: Store, *, only_steps: Iterable[int] = (), version: str = RESULTS_VERSION) -> Layout:
        """The layout for the rows of a run, or of some of its steps."""
        wanted = set(only_steps)
        sources = [source for source in manifests(store) if not wanted or source.step in wanted]
        return cls(store.facts().run_id, sources, steps(store), version=version)

    @property
    def names(self) -> tuple[str, ...]:
        """All column names."""
        return (*self.own, *(name for name, _ in self.runners))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of all columns, in the order of `names`."""
        return (*["string"] * len(self.own), *(kind for _, kind in self.runners))

    def position(self, name: str) -> int:
        """The position of one of the runner's columns in a row."""
        return len(self.own) + [runners for runners, _ in self.runners].index(name)

    def row(self, line: ResultLine) -> list[Any]:
        """The values of a line, in the order of `names`; times in microseconds, ids as a list."""
        cells = _texts(line.cells)
        own = [None if position is None else cells[position] for position in self._positions[line.manifest]]
        return [*own, *self._values(self.fate(line))]

    def fate(self, line: ResultLine) -> Fate:
        """The runner's columns of a line."""
        fate = Fate(
            run=self.run,
            step=line.step,
            line=line.line,
            source=line.path,
            row=line.row,
            operation=line.operation,
            type=line.type,
            object=line.object,
            state=line.state,
            outcome=line.outcome or line.state,
            duplicate_of=line.request if line.state == "duplicate" else None,
            mode=self._mode(line),
            was_unknown=None if line.was_unknown is None else bool(line.was_unknown),
            sheet=self._sheets[line.manifest],
        )
        if line.problem is not None:
            fate.error_category, fate.error_message = "manifest", line.problem
        elif line.outcome == "pending":
            _fill_pending(fate, line)
        else:
            _fill_settled(fate, line)
        return fate

    def _positions_of(self, source: Manifest) -> list[int | None]:
        positions = {name: position for position, name in enumerate(source.columns)}
        return [positions.get(name) for name in self._columns]

    def _mode(self, line: ResultLine) -> str | None:
        """The mode that a row was sent in; of one that was rejected, the mode that it would have been sent in."""
        operation = OPERATIONS.get(line.operation or "")
        if line.operation is not None and (operation is None or not operation.flagged):
            return None
        return self._modes.get(line.step) if line.query is None else mode_of_query(line.query)


def _beside_the_runners(name: str) -> str:
    """The name of a manifest's column; one that a runner's column has gets another, since a file has it once."""
    return f"{name} (manifest)" if name.lower() in _RUNNERS_NAMES else name


def mode_of_query(query: str) -> str:
    """The mode that a request's query stands for."""
    flags = parse_qs(query) if query else {}
    if "reMigrate" in flags:
        return "re-migrate"
    return "only-resend" if "onlyReSend" in flags else "default"


def _mode_of_step(step: StepFacts) -> str | None:
    """The mode of a regenerate step; None of other steps."""
    if step.do != "regenerate":
        return None
    if step.options.get("re_migrate"):
        return "re-migrate"
    return "only-resend" if step.options.get("only_resend") else "default"


def key_of(line: ResultLine, generation: int) -> str | None:
    """The idempotency key of a line's request; None for an upload, which is sent without one."""
    operation = OPERATIONS.get(line.operation or "")
    keyed = operation is None or operation.keyed
    return key(line.digest or "", generation) if keyed else None


def _fill_pending(fate: Fate, line: ResultLine) -> None:
    fate.attempts = line.pending_attempts or 0
    fate.first_sent_at = line.pending_first_sent_at
    if fate.attempts:
        fate.key, fate.generation = key_of(line, line.next_generation or 0), line.next_generation
        fate.track_id = track_id(line.digest or "", fate.attempts)


def _fill_settled(fate: Fate, line: ResultLine) -> None:
    if line.outcome == "succeeded":
        fate.id_list = _texts(line.ids or "[]")
        fate.id_count = len(fate.id_list)
    fate.error_code, fate.error_message = line.code, line.message
    fate.error_category = category_word(line.outcome, line.category, line.http_status)
    fate.http_status = line.http_status
    fate.generation, fate.attempts = line.generation or 0, line.attempts or 0
    fate.key, fate.track_id = key_of(line, fate.generation), track_id(line.digest or "", fate.attempts)
    fate.replayed = bool(line.replayed)
    fate.request_id, fate.process_id = line.request_id, line.process_id
    fate.first_sent_at, fate.settled_at = line.first_sent_at, line.settled_at
    fate.latency_ms = line.latency_ms
