"""The named rules for single values, each over a whole column at once, and the problems that they find.

A column here is a Series of text indexed by the position of the row in the batch, `""` where nothing is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import add, or_
from string import Formatter
from types import MappingProxyType
from typing import Any

import numpy
import pandas

from manifests.schemas import Field, Kind, canonical, folded

MOST_CHARACTERS = 255
MOST_INTEGER = 2**31 - 1

# White space at the edges is trimmed, also that which cannot be seen; the separators \x1c-\x1f and \x85, which Python
# calls white space as well, are control characters and stay to be found.
EDGES = "\t\n\v\f\r \xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
# C0, DEL, C1, soft hyphen, zero-width and bidirectional controls, line separators, lone surrogates.
CONTROL = "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
_CONTROL = re.compile(CONTROL)
_INTEGER = re.compile("(-?[0-9]+)(?:[.]0+)?")  # spreadsheets and data frames make 1.0 of a version 1
_INTEGER_RULES = {
    "not-an-integer": "write a whole number such as 1",
    "not-positive": "write a whole number from 1",
    "too-large": f"write a whole number up to {MOST_INTEGER}",
}

Column = Any  # pandas.Series of object; the stubs cannot say so without a cast at every step
Mask = Any  # pandas.Series of bool


_FORMULA_SIGNS = tuple("=+-@\t\r'")


def is_escaped(cell: str) -> bool:
    """Whether a cell begins with the `'` that spreadsheets and results files put before what looks like a formula."""
    return cell[:1] == "'" and cell[1:2] in _FORMULA_SIGNS


def unescaped(cell: str) -> str:
    """The cell without every such `'`: a cell and the same cell in a results file name the same object."""
    while is_escaped(cell):
        cell = cell[1:]
    return cell


class Problems:
    """What is wrong with each row of a batch: every rule that it breaks, in the order in which they were found."""

    def __init__(self, rows: int) -> None:
        self.texts: list[str | None] = [None] * rows

    def add(self, broken: Mask, rule: str, sentence: str | Callable[[int], str]) -> None:
        """Notes the rule for each row where it is broken; the sentence may depend on the row's position."""
        for position in broken.index[broken].tolist():
            self.add_at(position, rule, sentence if isinstance(sentence, str) else sentence(position))

    def add_at(self, position: int, rule: str, sentence: str) -> None:
        """Note the rule for one row."""
        text = f"{rule}: {sentence}"
        before = self.texts[position]
        self.texts[position] = f"{before}; {text}" if before else text


def trimmed(column: Column) -> Column:
    """The column as text without white space at its edges; null is the same as empty."""
    cells = column.tolist()
    return pandas.Series([cell.strip(EDGES) if cell else "" for cell in cells], column.index, dtype=object)


def has_text(text: Column) -> Mask:
    """Where there is any text."""
    return text.astype(bool)


def nothing(index: pandas.Index) -> Column:
    """A column of None."""
    return pandas.Series(numpy.full(len(index), None, dtype=object), index)


def put(column: Column, rows: Mask, cells: Any) -> Column:
    """The column with other cells in these rows. (Assigning to a Series would turn None into NaN.)"""
    array = column.to_numpy(dtype=object, copy=True)
    array[rows.to_numpy()] = cells.to_numpy() if isinstance(cells, pandas.Series) else cells
    return pandas.Series(array, column.index, dtype=object)


def shown(value: str, most: int = 40) -> str:
    """A value for people: what cannot be seen as `�`, and not too long."""
    seen = _CONTROL.sub("\ufffd", value)
    return seen if len(seen) <= most else seen[: most - 1] + "…"


def values(text: Column, field: Field, problems: Problems) -> Column:
    """What the column becomes on the wire: str, int or bool, and None where it is empty or no value of its kind."""
    return _OF_KIND[field.kind](text, field, problems)


def _texts(text: Column, field: Field, problems: Problems) -> Column:
    cells = text.tolist()
    if not "".join(cells).isprintable():  # all that the pattern finds is unprintable, and this is far quicker
        hidden = text.str.contains(CONTROL)
        problems.add(
            hidden,
            "control-characters",
            lambda row: f"{field.name} {shown(text[row])!r} contains invisible characters, type it again",
        )
    if max(map(len, cells)) > MOST_CHARACTERS:
        problems.add(
            text.str.len() > MOST_CHARACTERS,
            "value-too-long",
            lambda row: (
                f"{field.name} has {len(text[row])} characters and at most {MOST_CHARACTERS} are allowed, "
                "check that no column is shifted"
            ),
        )
    return pandas.Series([cell or None for cell in cells], text.index, dtype=object)


def _integers(text: Column, field: Field, problems: Problems) -> Column:
    cells = text.tolist()
    meant = {word: _integer(word) for word in set(cells)}
    for rule, remedy in _INTEGER_RULES.items():
        broken = [word for word, value in meant.items() if value == rule]
        if broken:
            problems.add(text.isin(broken), f"{_kebab(field.wire)}-{rule}", _about(text, field, remedy))
    numbers = {word: None if isinstance(value, str) else value for word, value in meant.items()}
    return pandas.Series([numbers[word] for word in cells], text.index, dtype=object)


def _integer(word: str) -> int | str | None:
    """The number, or the rule that the word breaks, or None for nothing.

    ASCII digits only. Leading zeros are dropped: `01` can only be 1, and must be the same request as `1`.
    """
    if not word:
        return None
    match = _INTEGER.fullmatch(word)
    if not match:
        return "not-an-integer"
    digits = match[1].lstrip("-0")
    if word.startswith("-") or not digits:
        return "not-positive"
    return int(digits) if len(digits) <= 10 and int(digits) <= MOST_INTEGER else "too-large"


def _choices(text: Column, field: Field, problems: Problems) -> Column:
    known = {folded(word): value for word, value in field.choices.items()}
    meant = {word: known.get(folded(word)) for word in text.unique()}
    chosen = pandas.Series([meant[word] for word in text.tolist()], text.index, dtype=object)
    remedy = f"write {' or '.join(field.choices)}"
    problems.add(has_text(text) & chosen.isna(), f"{_kebab(field.wire)}-not-a-choice", _about(text, field, remedy))
    return chosen


_OF_KIND: dict[Kind, Callable[[Column, Field, Problems], Column]] = {
    Kind.TEXT: _texts,
    Kind.POSITIVE_INTEGER: _integers,
    Kind.CHOICE: _choices,
}


def _about(text: Column, field: Field, remedy: str) -> Callable[[int], str]:
    return lambda row: f"{field.name} is {shown(text[row])!r}, {remedy}"


def _kebab(wire: str) -> str:
    return re.sub("([A-Z])", lambda capital: "-" + capital[1].lower(), wire)


def any_of(masks: Iterable[Mask]) -> Mask:
    """Where at least one of the masks holds."""
    return reduce(or_, masks)


def as_text(column: Column) -> Column:
    """The column with every value as text."""
    cells = [cell if isinstance(cell, str) else str(cell) for cell in column.tolist()]
    return pandas.Series(cells, column.index, dtype=object)


def rendered(template: str, texts: dict[str, Any]) -> Column:
    """The template for every row: `{number}` is that row's number."""
    pieces = [
        piece
        for literal, wire, _, _ in Formatter().parse(template)
        for piece in ([literal] if literal else []) + ([texts[wire]] if wire else [])
    ]
    return reduce(add, pieces)


def canonical_types(text: Column, words: Mapping[str, str] = MappingProxyType({})) -> Column:
    """The types that are meant, None where there is no such type."""
    cells = text.tolist()
    meant = {word: canonical(word) or words.get(folded(word)) for word in set(cells)}
    return pandas.Series([meant[word] for word in cells], text.index, dtype=object)
