"""The named rules for single values, each over a whole column at once, and the problems that they find.

A column here is a Series of text indexed by the position of the row in the batch, `""` where nothing is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pandas

from manifests.schemas import Field, Kind, folded

MOST_CHARACTERS = 255
MOST_INTEGER = str(2**31 - 1)

# White space at the edges is trimmed, also that which cannot be seen; the separators \x1c-\x1f and \x85, which Python
# calls white space as well, are control characters and stay to be found.
EDGES = "\t\n\v\f\r \xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
# C0, DEL, C1, soft hyphen, zero-width and bidirectional controls, line separators, lone surrogates.
CONTROL = "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
_CONTROL = re.compile(CONTROL)

Column = Any  # pandas.Series of object; the stubs cannot say so without a cast at every step
Mask = Any  # pandas.Series of bool


class Problems:
    """What is wrong with each row of a batch: every rule that it breaks, in the order in which they were found."""

    def __init__(self, rows: int) -> None:
        self.texts: list[str | None] = [None] * rows

    def add(self, broken: Mask, rule: str, sentence: str | Callable[[int], str]) -> None:
        """Notes the rule for each row where it is broken; the sentence may depend on the row's position."""
        for position in broken.index[broken].tolist():
            said = f"{rule}: {sentence if isinstance(sentence, str) else sentence(position)}"
            before = self.texts[position]
            self.texts[position] = f"{before}; {said}" if before else said


def trimmed(column: Column) -> Column:
    """The column as text without white space at its edges; null is the same as empty."""
    return column.where(column.notna(), "").str.strip(EDGES)


def shown(value: str, most: int = 40) -> str:
    """A value for people: what cannot be seen as `�`, and not too long."""
    seen = _CONTROL.sub("\ufffd", value)
    return seen if len(seen) <= most else seen[: most - 1] + "…"


def values(text: Column, field: Field, problems: Problems) -> Column:
    """What the column becomes on the wire: str, int or bool, and None where it is empty or a rule is broken."""
    return _OF_KIND[field.kind](text, field, problems)


def _texts(text: Column, field: Field, problems: Problems) -> Column:
    hidden = text.str.contains(CONTROL)
    problems.add(
        hidden,
        "control-characters",
        lambda row: f"{field.wire} {shown(text[row])!r} holds characters that cannot be seen, type it anew",
    )
    long = text.str.len() > MOST_CHARACTERS
    problems.add(
        long,
        "value-too-long",
        lambda row: (
            f"{field.wire} has {len(text[row])} characters and at most {MOST_CHARACTERS} are allowed, "
            "check that the columns are in their places"
        ),
    )
    return _kept(text, (text != "") & ~hidden & ~long)


def _integers(text: Column, field: Field, problems: Problems) -> Column:
    """ASCII digits only; leading zeros are dropped, since `01` can only be 1 and must be the same request as `1`."""
    name = _kebab(field.wire)
    whole = text.str.fullmatch("[0-9]+")
    digits = text.where(whole, "").str.lstrip("0")
    negative = text.str.fullmatch("-[0-9]+") | (whole & (digits == ""))
    length = digits.str.len()
    large = (length > len(MOST_INTEGER)) | ((length == len(MOST_INTEGER)) & (digits > MOST_INTEGER))
    given = text != ""
    for broken, rule, remedy in (
        (given & ~whole & ~negative, "not-an-integer", "write a whole number such as 1"),
        (negative, "not-positive", "write a whole number from 1"),
        (large, "too-large", f"write a whole number up to {MOST_INTEGER}"),
    ):
        problems.add(broken, f"{name}-{rule}", _about(text, field, remedy))
    good = (digits != "") & ~large
    numbers = _kept(text, good & False)
    numbers[good] = digits[good].astype("int64").astype(object)
    return numbers


def _choices(text: Column, field: Field, problems: Problems) -> Column:
    known = {folded(word): value for word, value in field.choices.items()}
    meant = {word: known.get(folded(word)) for word in text.unique()}
    chosen = pandas.Series([meant[word] for word in text], text.index, dtype=object)
    remedy = f"write {' or '.join(field.choices)}"
    problems.add((text != "") & chosen.isna(), f"{_kebab(field.wire)}-not-a-choice", _about(text, field, remedy))
    return chosen


_OF_KIND: dict[Kind, Callable[[Column, Field, Problems], Column]] = {
    Kind.TEXT: _texts,
    Kind.POSITIVE_INTEGER: _integers,
    Kind.CHOICE: _choices,
}


def _kept(column: Column, keep: Mask) -> Column:
    """The column with None where it is not kept. (Series.where would make it NaN.)"""
    kept = column.to_numpy(dtype=object, copy=True)
    kept[~keep.to_numpy()] = None
    return pandas.Series(kept, column.index, dtype=object)


def _about(text: Column, field: Field, remedy: str) -> Callable[[int], str]:
    return lambda row: f"{field.wire} is {shown(text[row])!r}, {remedy}"


def _kebab(wire: str) -> str:
    return re.sub("([A-Z])", lambda capital: "-" + capital[1].lower(), wire)


def any_of(masks: Iterable[Mask], like: Column) -> Mask:
    """Where at least one of the masks holds; nowhere if there are none."""
    found = pandas.Series(False, like.index)
    for mask in masks:
        found = found | mask
    return found
