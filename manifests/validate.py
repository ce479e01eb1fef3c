"""From text frames to checked rows: the type of each row, its fields, its label and lane, and all its problems.

```
Batch ─ types ─▶ told | asked | of the earlier run | inferred ─ per type ─▶ values ─ alternatives ─▶ label, lane
                                     every broken rule ─▶ problems
```

Nothing is discarded and nothing guessed: a row comes out with its fields, or with every reason why not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, and_
from typing import NamedTuple

import pandas

from manifests.artefacts import FOOTER, Finding, probable, sure, unusual
from manifests.header_mapping import Binding, bind
from manifests.read import Batch
from manifests.read.typed import typed_cells
from manifests.reading import DEFAULT, Reading
from manifests.rules import (
    EDGES,
    Column,
    Mask,
    Problems,
    any_of,
    as_text,
    canonical_types,
    has_text,
    is_escaped,
    nothing,
    put,
    rendered,
    shown,
    trimmed,
    unescaped,
    values,
)
from manifests.schemas import TYPES, Alternative, Field, Kind, Schema, canonical, folded, suggestion
from manifests.unsettled_rows import UNSETTLED, unsettled

Value = str | int | bool | None
_MEMOS = {"credit": "CreditMemo", "debit": "DebitMemo"}  # words of a `Memo Type` column
_TRAILING = Finding("trailing-space", "white space at the end, which was removed")
_APOSTROPHE = Finding("apostrophe-removed", "a ' in front, which spreadsheets and results files add; it was removed")


@dataclass(frozen=True)
class Checked:
    """One batch, column by column: every list has one entry per row.

    `types` are canonical, None where the type could not be told. `fields` has a list for every wire field of every
    type; a rejected row has None in all of them, and no lane. `objects` are labels for people. Rows that name the same
    object share one of the `lanes`. `problems` is None for an accepted row, else `rule-name: what and what to do`,
    joined by `; `. `notes` are what is unusual about accepted rows: position, what it is, the text.
    """

    types: list[str | None]
    fields: dict[str, list[Value]]
    objects: list[str | None]
    lanes: list[str | None]
    problems: list[str | None]
    notes: list[Note]


class Note(NamedTuple):
    """Something unusual about a row that is sent all the same."""

    position: int
    finding: Finding
    text: str


def checker(
    columns: Sequence[str],
    *,
    path: str,
    type: str | None = None,
    resend_unknown: bool = False,
    reading: Reading = DEFAULT,
) -> Checker:
    """A checker for the manifest with these columns (`Source.columns`).

    Raises ManifestError if they cannot serve: none that identifies an object, two that mean the same, one that could
    mean two things, or a `type` that does not exist.
    """
    binding = bind(columns, path=path, type=type, by=reading.by)
    return Checker(binding, canonical(type) if type else None, resend_unknown, reading.literal)


class Checker:
    """Checks the batches of one manifest. Keeps nothing from batch to batch."""

    def __init__(self, binding: Binding, type: str | None, resend_unknown: bool, literal: bool) -> None:
        self._binding = binding
        self._type = type
        self._literal = literal
        self._resend_unknown = resend_unknown

    def check(self, batch: Batch) -> Checked:
        """The rows of the batch with their problems. Raises nothing for what is in a row."""
        checking = _Checking(self._binding, batch, self._literal)
        checking.refuse_repeated_header()
        if not self._resend_unknown:
            checking.refuse_unknown_outcomes()
        checking.decide_types(self._type)
        for name in checking.types.dropna().unique():
            checking.identify(TYPES[name])
        return checking.checked()


class _Checking:
    """The check of one batch."""

    def __init__(self, binding: Binding, batch: Batch, literal: bool) -> None:
        self._binding = binding
        self._literal = literal
        self._escaped = batch.escaped and not literal
        self._batch = batch
        self._notes: list[Note] = []
        self._regen = batch.regen
        self._index = pandas.RangeIndex(len(batch.frame))
        raw = {h: batch.frame[h].tolist() for h in _bound(binding)}
        self._typed = {h: typed for h, cells in raw.items() if (typed := typed_cells(cells))}
        self._cells = {h: trimmed(batch.frame[h].set_axis(self._index)) for h in raw}
        self._problems = Problems(len(batch.frame))
        self.types: Column = nothing(self._index)
        self._fields: dict[str, Column] = {}
        self._objects = nothing(self._index)
        self._lanes = nothing(self._index)

    def checked(self) -> Checked:
        """The outcome, once all rules have spoken."""
        problems = self._problems.texts
        bad = pandas.Series([problem is not None for problem in problems], self._index)
        objects = put(self._objects, bad, [self._named(n) for n in self._index[bad]])
        fields: dict[str, list[Value]] = {wire: [None] * len(problems) for wire in _wires()}
        fields |= {wire: put(column, bad, None).tolist() for wire, column in self._fields.items()}
        lanes = put(self._lanes, bad, None).tolist()
        notes = [note for note in self._notes if problems[note.position] is None]
        return Checked(self.types.tolist(), fields, objects.tolist(), lanes, problems, notes)

    def refuse_repeated_header(self) -> None:
        """Rows that are the header once more, as where files were joined: an object of that name would be asked for."""
        again = reduce(and_, (cells == header.strip(EDGES) for header, cells in self._cells.items()))
        self._problems.add(again, "header-repeated", "this row repeats the header, remove it")

    def refuse_unknown_outcomes(self) -> None:
        """Rows of an earlier run that may have been done: a new run is a new key, and would do them twice."""
        if self._regen is None:
            return
        why = pandas.Series(unsettled(self._regen), self._index, dtype=object)
        for rule, sentence in UNSETTLED.items():
            self._problems.add(why == rule, rule, sentence)

    def decide_types(self, wanted: str | None) -> None:
        """The type column, else --type, else the type in the earlier run, else what the identifiers say."""
        texts = self._text(self._binding.type_columns)
        memo = any(folded(header) == "memotype" for header in self._binding.type_columns)
        self.types = canonical_types(texts, _MEMOS if memo else {})
        self._refuse_strange_types(texts, wanted)
        blank = ~has_text(texts)
        if wanted:
            self.types = put(self.types, blank, wanted)
        elif self._regen is not None:
            earlier = canonical_types(trimmed(self._regen["regen_type"].set_axis(self._index)))
            self.types = put(self.types, blank, earlier[blank])
        self._infer(blank & self.types.isna())

    def identify(self, schema: Schema) -> None:
        """The fields of all rows of one type, by its rules."""
        rows = self.types == schema.name
        texts = {f.wire: self._field(schema, f.wire, rows) for f in schema.fields}
        used = self._used(schema, texts)
        for field in self._binding.fields(schema):
            mask = used.get(field.wire)
            if mask is not None:
                texts[field.wire] = texts[field.wire].where(mask, "")
            texts[field.wire] = self._identifier(schema, field, texts[field.wire])
            column = self._fields.get(field.wire, nothing(self._index))
            self._fields[field.wire] = put(column, rows, values(texts[field.wire], field, self._problems))
        complete = self._refuse_misnamed(schema, texts)
        for alternative in schema.alternatives:
            self._name(alternative, complete[alternative])

    def _refuse_strange_types(self, texts: Column, wanted: str | None) -> None:
        types = self.types.copy()
        self._problems.add(
            has_text(texts) & types.isna(),
            "type-unknown",
            lambda row: (
                f"there is no type {shown(texts[row])!r}, {suggestion(texts[row])} "
                "(If the column means something else, rename it.)"
            ),
        )
        self._problems.add(
            types.notna() & (types != wanted) & bool(wanted),
            "type-disagrees",
            lambda row: f"the row says {types[row]} and --type says {wanted}, correct one of them",
        )

    def _infer(self, untyped: Mask) -> None:
        """The one type whose own columns are filled in; none if there are several, or only columns of any type."""
        if not untyped.any():
            return
        named = {t: self._named_in(fields) for t, fields in self._binding.specific.items()}
        count = sum((mask.astype(int) for mask in named.values()), start=pandas.Series(0, self._index))
        for type, mask in named.items():
            self.types = put(self.types, untyped & mask & (count == 1), type)
        self._refuse_unnamed(untyped, named, count)

    def _refuse_unnamed(self, untyped: Mask, named: dict[str, Mask], count: Column) -> None:
        self._problems.add(
            untyped & (count > 1),
            "identifiers-exclude-each-other",
            lambda row: (
                f"the row names {' and '.join(t for t in named if named[t][row])} at once, "
                "choose one with --type or a type column"
            ),
        )
        unnamed = untyped & (count == 0)
        if unnamed.any():
            anything = any_of(self._named_in(fields) for fields in self._binding.every.values())
            self._problems.add(
                unnamed & anything,
                "type-missing",
                "the identifier could be that of several types, fill in the type or give --type",
            )
            self._problems.add(
                unnamed & ~anything, "identifier-missing", "the row names no object, fill it in or remove the row"
            )

    def _used(self, schema: Schema, texts: dict[str, Column]) -> dict[str, Mask]:
        """Where each identifying field counts. An export has an object's id beside its number or name: the first
        alternative that is complete counts, or the one that `--by` names; the others are carried along."""
        columns = self._binding.every.get(schema.name, {})
        chosen = schema.chosen_by(self._binding.by)
        ordered = [*chosen, *(a for a in schema.alternatives if a not in chosen)]
        possible = [a for a in ordered if all(columns.get(wire) for wire in a.fields)]
        if self._binding.by and any(a in chosen for a in possible):
            possible = [a for a in possible if a in chosen]
        if len(ordered) == len(possible) == 1 or not possible:
            return {}
        complete = {a: reduce(and_, (has_text(texts[wire]) for wire in a.fields)) for a in possible}
        decided: Mask = complete[possible[0]] & False
        used: dict[str, Mask] = {}
        for alternative in possible:
            here = complete[alternative] & ~decided
            decided = decided | here
            for wire in alternative.fields:
                used[wire] = here
        touched = {wire: mask | ~decided for wire, mask in used.items()}
        beside = [wire for a in schema.alternatives if a not in possible for wire in a.fields]
        return touched | {wire: ~decided for wire in beside if wire not in touched}

    def _identifier(self, schema: Schema, field: Field, text: Column) -> Column:
        """The text of a field as an identifier: typed cells and texts that are none are refused, unusual ones noted."""
        text = self._from_typed(schema, field, text)
        if field.kind is not Kind.TEXT or field.wire not in schema.identifying:
            return text
        index = text.index.tolist()
        changed: dict[int, str] = {}
        for at, cell in unusual(text.tolist()):
            self._judge(field, index[at], cell, changed)
        for row, cell in changed.items():
            text[row] = cell
        self._note_trailing_space(schema, field, text)
        return text

    def _note_trailing_space(self, schema: Schema, field: Field, text: Column) -> None:
        """Note identifiers that lost white space at their end: names that differed only by it are one object now."""
        for header in self._binding.every.get(schema.name, {}).get(field.wire, []):
            raw = self._batch.frame[header].tolist()
            for row in [at for at, cell in enumerate(raw) if cell and cell[-1] in EDGES and cell.strip(EDGES)]:
                if row in text.index and text[row]:
                    self._notes.append(Note(row, _TRAILING, raw[row]))

    def _after_gap(self, row: int) -> bool:
        """Whether a row without a value comes somewhere before this one, and this one has a single value."""
        batch = self._batch
        if batch.rows[row] - batch.rows[0] - row + batch.empty_before == 0:
            return False
        return sum(1 for cell in batch.frame.iloc[row].tolist() if cell and cell.strip()) == 1

    def _judge(self, field: Field, row: int, cell: str, changed: dict[int, str]) -> None:
        if self._escaped and is_escaped(cell):
            changed[row] = unescaped(cell).strip(EDGES)
            self._notes.append(Note(row, _APOSTROPHE, cell))
            return
        if not self._literal and (finding := sure(cell)):
            remedy = "write the identifier itself, or use --literal if it is one"
            self._problems.add_at(
                row, finding.rule, f"{field.name} is {shown(cell)!r}, which {finding.words}; {remedy}"
            )
        elif not self._literal and " " in cell and self._after_gap(row):
            remedy = "remove the row, or use --literal if it names an object"
            self._problems.add_at(row, FOOTER, f"{field.name} is {shown(cell)!r}, words below an empty row; {remedy}")
        elif finding := probable(cell):
            self._notes.append(Note(row, finding, shown(cell)))

    def _from_typed(self, schema: Schema, field: Field, text: Column) -> Column:
        """The text of a field whose cells are of other kinds; a problem where such a cell names nothing."""
        for header in self._binding.every.get(schema.name, {}).get(field.wire, []):
            for row, cell in self._typed.get(header, {}).items():
                if row not in text.index or text[row] != cell.strip(EDGES):
                    continue
                known = cell.integer if field.kind is Kind.POSITIVE_INTEGER else cell.identifier
                if known is not None:
                    text[row] = known
                elif field.kind is not Kind.CHOICE:
                    self._problems.add_at(
                        row,
                        "not-text",
                        f"{field.name} is {cell.reason}: {shown(cell)}; write the identifier as text",
                    )
        return text

    def _refuse_misnamed(self, schema: Schema, texts: dict[str, Column]) -> dict[Alternative, Mask]:
        """Where which alternative is complete and the only one."""
        filled = {wire: has_text(text) for wire, text in texts.items()}
        touched = {a: any_of(filled[wire] for wire in a.fields) for a in schema.alternatives}
        count = reduce(add, (mask.astype(int) for mask in touched.values()))
        self._problems.add(count == 0, "identifier-missing", f"give {schema.needs} of the {schema.name}")
        self._problems.add(
            count > 1,
            "identifiers-exclude-each-other",
            lambda row: (
                f"the row gives {' and '.join(w for a in touched for w in a.fields if filled[w][row])}, "
                f"leave only {schema.needs}"
            ),
        )
        for alternative in schema.alternatives:
            self._refuse_half(schema, alternative, touched[alternative] & (count == 1), filled)
        return {a: touched[a] & (count == 1) for a in schema.alternatives}

    def _refuse_half(self, schema: Schema, alternative: Alternative, rows: Mask, filled: dict[str, Mask]) -> None:
        names = {field.wire: field.name for field in self._binding.fields(schema)}
        pair = " and ".join(names[wire] for wire in alternative.fields)
        for wire in alternative.fields:
            sentence = f"{names[wire]} is missing, fill it in, since {pair} belong together"
            self._problems.add(rows & ~filled[wire], "half-of-a-pair", sentence)

    def _name(self, alternative: Alternative, rows: Mask) -> None:
        if not rows.any():
            return
        here = self._everywhere(rows)
        texts = {wire: as_text(self._fields[wire][here]) for wire in alternative.fields}
        self._objects = put(self._objects, here, rendered(alternative.label, texts))
        self._lanes = put(self._lanes, here, rendered(alternative.lane, texts))

    def _field(self, schema: Schema, wire: str, rows: Mask) -> Column:
        """The text of a field, from whichever of its columns is filled in; a problem if two are, with unlike values."""
        headers = self._binding.every.get(schema.name, {}).get(wire, [])
        for n, header in enumerate(headers):
            for other in headers[:n]:
                mine, theirs = self._cells[other][rows], self._cells[header][rows]
                self._problems.add(
                    has_text(mine) & has_text(theirs) & (mine != theirs),
                    "identifiers-exclude-each-other",
                    f"the columns {other!r} and {header!r} both give {wire}, leave one of them empty",
                )
        return self._text(headers)[rows]

    def _text(self, headers: Sequence[str]) -> Column:
        """The first text that is given in any of the columns."""
        if not headers:
            return pandas.Series("", self._index, dtype=object)
        first, *rest = (self._cells[header] for header in headers)
        return reduce(lambda text, other: text.where(has_text(text), other), rest, first)

    def _named_in(self, fields: dict[str, list[str]]) -> Mask:
        return any_of(has_text(self._cells[header]) for headers in fields.values() for header in headers)

    def _everywhere(self, rows: Mask) -> Mask:
        """A mask over some rows as one over all rows of the batch."""
        return rows.reindex(self._index, fill_value=False)

    def _named(self, position: int) -> str | None:
        """What a rejected row names, as it stands there."""
        type = self.types[position]
        types = [type] if type else list(self._binding.every)
        headers = dict.fromkeys(h for t in types for hs in self._binding.every.get(t, {}).values() for h in hs)
        present = [cell for header in headers if (cell := self._cells[header][position])]
        return shown(" / ".join(present), 80) if present else None


def _bound(binding: Binding) -> list[str]:
    headers = [h for fields in binding.every.values() for hs in fields.values() for h in hs]
    return list(dict.fromkeys([*binding.type_columns, *headers]))


def _wires() -> list[str]:
    return list(dict.fromkeys(field.wire for schema in TYPES.values() for field in schema.fields))
