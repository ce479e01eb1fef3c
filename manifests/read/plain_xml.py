"""The quick way through an XML part that is one long list: rows of a sheet, shared texts.

Nearly all programs write each element of such a list alike, and a compiled pattern needs a fifth of the time of expat's
calls into Python. So the list is cut into blocks of whole elements. A block that the pattern covers from end to end is
taken by it; from the first block on that has anything else (a comment, CDATA, an unusual attribute, a control
character), expat reads the rest. Both ways must give the same; what is not certain is not plain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO
from xml.parsers import expat

_CHUNK_BYTES = 256 * 1024
_LONGEST = 4 * 1024 * 1024  # of an element that is waited for
_ENCODING = re.compile(rb"""<\?xml[^>?]*\bencoding=["'](?!utf-8["'])""", re.IGNORECASE)
_NO_XML = bytes(set(range(0x20)) - set(b"\t\n"))  # and the carriage return, which a parser turns into a line feed
_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)")
_NO_CHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"]]>")


@dataclass(frozen=True)
class PlainList:
    """Which list is read: `opening` is its start tag, whose first group is the namespace prefix with its colon;
    `element` the local name of what it lists; `take` gets a block and that prefix, and returns whether it is plain."""

    opening: re.Pattern[bytes]
    element: str
    take: Callable[[str, str], bool]


def read_list(stream: IO[bytes], parser: expat.XMLParserType, plain: PlainList) -> Iterator[None]:
    """Read a part, each block by `plain.take` or by the parser; yields after each. Raises ExpatError."""
    head, prefix = _head(stream, plain.opening)
    parser.Parse(head.before, False)
    rest = head.after
    closing = f"</{prefix}{plain.element}>".encode()
    quick = bool(head.before)
    while True:
        if quick:
            cut = rest.rfind(closing) + len(closing) if closing in rest else 0
            text = _text(rest[:cut])
            quick = text is not None and plain.take(text, prefix)
            rest = rest[cut:] if quick else rest
            quick = quick and len(rest) < _LONGEST and not rest.startswith(b"</")
        if not quick:
            parser.Parse(rest, False)
            rest = b""
        yield
        if not (chunk := stream.read(_CHUNK_BYTES)):
            break
        rest += chunk
    parser.Parse(rest, True)
    yield


@dataclass(frozen=True)
class _Head:
    """The bytes of a part up to the list, and those read after it; nothing before where the list is not plain."""

    before: bytes
    after: bytes


def _head(stream: IO[bytes], opening: re.Pattern[bytes]) -> tuple[_Head, str]:
    head = b""
    while len(head) < _LONGEST and (chunk := stream.read(_CHUNK_BYTES)):
        head += chunk
        if match := opening.search(head):
            before = head[: match.end()]
            text = before.removeprefix(b"\xef\xbb\xbf")
            if b"<!" in text or b"<?" in text[1:] or _ENCODING.match(text):
                break
            return _Head(before, head[match.end() :]), (match[1] or b"").decode()
    return _Head(b"", head), ""


def _text(block: bytes) -> str | None:
    """A block as text. None if a parser would refuse or change anything in it."""
    if len(block.translate(None, _NO_XML)) != len(block) or any(map(block.__contains__, _NO_CHARACTERS)):
        return None
    if b"&" in block and _ENTITY.search(block):
        return None
    try:
        return block.decode()
    except UnicodeDecodeError:
        return None


def without_entities(text: str) -> str:
    """A text of a plain block as a parser gives it."""
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text
