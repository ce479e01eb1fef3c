"""What a cell of an Excel sheet is: the text that it shows, or why it names no object."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from manifests.read.number_formats import Shown
from manifests.read.typed import MOST_DIGITS, Typed

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass
class CellValues:
    """What the cells of a workbook need to be understood: its shared texts, its number formats by style, its epoch."""

    strings: list[str] = field(default_factory=list)
    formats: list[Shown] = field(default_factory=list)
    epoch: datetime = datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook knows no time zone

    def cell(self, type: str, style: str, value: str | None, formula: str | None, inline: str) -> str:
        """A cell by its attributes `t` and `s` and the texts in it. A formula of the empty text is a formula."""
        if type == "s":
            return self.shared(value) if value else ""
        if type == "inlineStr":
            return unescaped(inline)
        if formula is not None:
            return self._calculated(type, style, value, formula)
        return self._stored(type, style, value or "") if value or type == "e" else ""

    def shared(self, value: str) -> str:
        """A shared text by its number."""
        number = int(value)
        if not 0 <= number < len(self.strings):
            raise ValueError(f"there is no shared text {number}")
        return self.strings[number]

    def _calculated(self, type: str, style: str, value: str | None, formula: str) -> str:
        if value is None or (not value and type != "str"):
            return Typed(f"={formula}", "a formula without a stored value (open the file in Excel and save it)")
        cell = self._stored(type, style, value) if value else ""
        if type == "n" and not value.strip("+-0. "):
            return Typed(cell, "a formula whose stored value is 0, as programs write it that do not calculate")
        return cell

    def _stored(self, type: str, style: str, value: str) -> str:
        if type == "n":
            return self._numeric(value.strip(), style)
        if type == "b":
            return Typed("true" if value.strip() in ("1", "true") else "false", "true or false")
        if type == "e":
            return Typed(value or "#ERROR!", "an error of a formula")
        if type == "d":
            return Typed(value, "a date")
        return unescaped(value)

    def _numeric(self, value: str, style: str) -> str:
        number = int(style or 0)
        shown = self.formats[number] if number < len(self.formats) else Shown.DIGITS
        if shown is Shown.DIGITS and value.isdigit() and len(value) <= MOST_DIGITS and value.isascii():
            return value if value[0] != "0" else str(int(value))
        return _numeric(value, shown, self.epoch)


def unescaped(text: str) -> str:
    """A text without Excel's escapes: `_x000D_` is a carriage return, `_x005F_` the underscore before another."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _numeric(value: str, style: Shown, epoch: datetime) -> str:
    if not _NUMBER.fullmatch(value):
        return Typed(value, "not a number, though its cell says that it is one")
    number = float(value)
    if style is Shown.DATE:
        return Typed(_date(number, epoch), "a date or time")
    digits = str(int(number)) if number.is_integer() and abs(number) < 10**MOST_DIGITS else None
    text = digits or (value if value.lstrip("-").isdigit() else repr(number))
    if digits is None:
        reason = "a fraction" if not number.is_integer() else f"a number of more than {MOST_DIGITS} digits"
        return Typed(text, reason)
    if style is Shown.DIGITS and not digits.startswith("-"):
        return digits
    if style is Shown.DIGITS:
        return Typed(text, "a negative number")
    return Typed(text, f"a number that is shown {style.value}", integer=None if style is Shown.OTHERWISE else digits)


def _date(days: float, epoch: datetime) -> str:
    try:
        if 0 <= days < 1:
            return (epoch + timedelta(days=days)).time().isoformat("seconds")
        moment = epoch + timedelta(days=days)
    except OverflowError:
        return repr(days)
    moment = (moment + timedelta(microseconds=500)).replace(microsecond=0) if moment.microsecond else moment
    return moment.date().isoformat() if days == int(days) else moment.isoformat()
