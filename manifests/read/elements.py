"""The elements of an XML part, by their local names: a prefix says nothing about what a workbook's element means."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]
End = Callable[[str, str], None]


def nothing(_: str, __: str) -> None:
    """An `End` for elements whose text does not matter."""


def element_parser(start: Start, end: End = nothing) -> expat.XMLParserType:
    """A parser that hands over local names, and at the end of an element the text in it."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    texts: list[str] = []

    def started(name: str, attributes: Attributes) -> None:
        texts.clear()
        start(name.rpartition(":")[2] if ":" in name else name, attributes)

    def ended(name: str) -> None:
        end(name.rpartition(":")[2] if ":" in name else name, "".join(texts))
        texts.clear()

    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.CharacterDataHandler = texts.append
    return parser
