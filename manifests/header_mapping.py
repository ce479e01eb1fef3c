"""How a manifest is described: its headers, and what each of them means for each type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from manifests.errors import UnsuitableHeader, location
from manifests.reading import By
from manifests.schemas import TYPES, Field, Schema, canonical, folded, suggestion

# The columns that the runner writes. A file that has the two that every results file has is an earlier run's.
OWN_COLUMNS = frozenset(
    "regen_" + name
    for name in (
        "run",
        "step",
        "line",
        "source",
        "row",
        "operation",
        "type",
        "object",
        "state",
        "outcome",
        "id_list",
        "id_count",
        "error_code",
        "error_category",
        "error_message",
        "http_status",
        "key",
        "generation",
        "attempts",
        "replayed",
        "track_id",
        "request_id",
        "process_id",
        "first_sent_at",
        "settled_at",
        "latency_ms",
        "duplicate_of",
        "mode",
        "was_unknown",
        "sheet",
    )
)
_ALWAYS = frozenset({"regen_run", "regen_state"})
# Those that matter for the next run.
RESULT_COLUMNS = ("regen_type", "regen_state", "regen_outcome", "regen_attempts", "regen_run", "regen_mode")
_REQUIRED = re.compile(r"\s*[(\[](?:required|mandatory)[)\]]\s*$", re.IGNORECASE)  # as templates mark their columns
_NUMBER_SIGN = re.compile(r"(?:\s*#|\s+no\.?)\s*$", re.IGNORECASE)  # `Invoice #`, `Invoice No.`
_PREFIX = re.compile(r"^(?P<object>[^:.]+)[:.](?P<name>.+)$", re.DOTALL)


class Headers(tuple[str, ...]):
    """The headers of a manifest, without the runner's own columns if it is an earlier run's (`results`).

    A results file unites the columns of several manifests, so that two of its headers may mean the same field, and it
    brings its types along: a header is judged with that in mind.
    """

    results: bool

    def __new__(cls, headers: Iterable[str]) -> Headers:
        every = tuple(headers)
        # Databases give names back in capitals: a row of unknown outcome must not be sent for that.
        results = {header.lower() for header in every} >= _ALWAYS
        new = super().__new__(cls, (h for h in every if not (results and h.lower() in OWN_COLUMNS)))
        new.results = results
        return new


@dataclass(frozen=True)
class Meaning:
    """That a header means a field of a type; `specific` if it can mean nothing else."""

    type: str
    wire: str
    specific: bool


@dataclass(frozen=True)
class Binding:
    """Which columns hold the type, and which hold which field of which type (usually one, in results several)."""

    type_columns: tuple[str, ...]
    by: By | None = None
    specific: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    every: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def fields(self, schema: Schema) -> list[Field]:
        """The fields of a type, each with the heading of its column if it has a single one."""
        headers = self.every.get(schema.name, {})
        return [
            replace(f, heading=headers[f.wire][0]) if len(headers.get(f.wire, ())) == 1 else f for f in schema.fields
        ]


def meanings(header: str) -> list[Meaning]:
    """All that a header can mean. Only a header that means one field of one type can be specific."""
    every = [m for schema in TYPES.values() if (m := _meaning(header, schema))]
    if len(every) > 1:
        every = [Meaning(m.type, m.wire, False) for m in every]
    return every


def _meaning(header: str, schema: Schema) -> Meaning | None:
    header = _NUMBER_SIGN.sub(" number", _REQUIRED.sub("", header))
    match = _PREFIX.match(header)
    object, name = (folded(match["object"]), folded(match["name"])) if match else ("", folded(header))
    mine = object in {folded(o) for o in schema.objects}
    near = not object or mine or object in {folded(o) for o in schema.relatives}
    for candidate in schema.fields:
        names = {folded(h) for h in candidate.headers}
        if object + name in names or (near and name in names):
            return Meaning(schema.name, candidate.wire, True)
        if (mine or not object) and name in {folded(o) for o in candidate.own}:
            return Meaning(schema.name, candidate.wire, mine)
    return None


def bind(headers: Sequence[str], *, path: str, type: str | None, by: By | None = None) -> Binding:
    """What the columns mean, for one type or for all. Raises UnsuitableHeader."""
    only = _wanted(type, path)
    results = getattr(headers, "results", False)
    binding = Binding(_type_columns(headers), by)
    for header in headers:
        for meaning in meanings(header):
            _enter(binding, header, meaning)
    if not results:
        _refuse_twins(binding, only, path)
    _refuse_nameless(binding, only, results, headers, path)
    return binding


def _type_columns(headers: Sequence[str]) -> tuple[str, ...]:
    """The columns that hold the type; Zuora's memo exports call theirs `Memo Type`."""
    for word in ("type", "memotype"):
        if columns := tuple(h for h in headers if folded(h) == word):
            return columns
    return ()


def _wanted(type: str | None, path: str) -> str | None:
    if type is None:
        return None
    name = canonical(type)
    if name is None:
        raise UnsuitableHeader(f"{location(path)}: there is no type {type!r}; {suggestion(type)}")
    return name


def _enter(binding: Binding, header: str, meaning: Meaning) -> None:
    binding.every.setdefault(meaning.type, {}).setdefault(meaning.wire, []).append(header)
    if meaning.specific and meaning.wire in TYPES[meaning.type].identifying:
        binding.specific.setdefault(meaning.type, {}).setdefault(meaning.wire, []).append(header)


def _refuse_twins(binding: Binding, only: str | None, path: str) -> None:
    """Two columns for one thing: which of them is right is not ours to guess."""
    _refuse_pair("the type", binding.type_columns, path)
    known = {only: binding.every.get(only, {})} if only else binding.specific
    for type, fields in known.items():
        for wire, headers in fields.items():
            _refuse_pair(f"{wire} of {type}", headers, path)


def _refuse_pair(what: str, headers: Sequence[str], path: str) -> None:
    if len(headers) > 1:
        names = " and ".join(repr(header) for header in headers)
        raise UnsuitableHeader(f"{location(path)}: the columns {names} both mean {what}; rename or remove one of them")


def _refuse_nameless(binding: Binding, only: str | None, results: bool, headers: Sequence[str], path: str) -> None:
    if only:
        if not binding.every.get(only, {}).keys() & TYPES[only].identifying:
            raise UnsuitableHeader(
                f"{location(path)}: no column identifies rows of type {only}; add {TYPES[only].needs} "
                f"(the columns: {_listed(headers)}; if the header is in another row, name it with --header-row)"
            )
    elif not binding.every:
        raise UnsuitableHeader(
            f"{location(path)}: no identifying column; add for example {TYPES['Subscription'].needs}, or invoiceNumber "
            f"(the columns: {_listed(headers)}; if the header is in another row, name it with --header-row)"
        )
    elif not (binding.specific or binding.type_columns or results):
        raise UnsuitableHeader(_undecided(binding, path))


def _undecided(binding: Binding, path: str) -> str:
    columns = sorted({h for fields in binding.every.values() for headers in fields.values() for h in headers})
    names = ", ".join(repr(column) for column in columns)
    if len(binding.every) == 1:
        (type,) = binding.every
        return (
            f"{location(path)}: {names} could be that of a {type} only if you confirm it; give --type {type}, or "
            f"FILE:{type}"
        )
    kinds = " or ".join(binding.every) if len(binding.every) < 4 else "several types"
    return (
        f"{location(path)}: {names} could be that of {kinds}; choose one with --type, FILE:TYPE or with a column named "
        "type"
    )


def _listed(headers: Sequence[str]) -> str:
    shown = ", ".join(repr(header[:40]) for header in headers[:8])
    return shown + (", …" if len(headers) > 8 else "") if headers else "nothing"
