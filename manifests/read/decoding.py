"""Text out of bytes: which encoding, and where it does not hold."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import IncrementalNewlineDecoder, TextIOWrapper
from itertools import chain
from typing import TextIO

from manifests.errors import UnreadableManifest, location
from manifests.read.raw_file import Origin

LINE_END = re.compile(r"\r\n|\r|\n")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHUNK_BYTES = 256 * 1024


class Text:
    """A manifest of text: opened as often as one likes, always from the start, line ends as they stand."""

    def __init__(self, origin: Origin, head: bytes, encoding: str | None = None) -> None:
        self.origin = origin
        self.encoding = _encoding(head, origin.path, encoding)
        with self.open() as stream:
            self.head = stream.read(len(head))
            self.complete = not stream.read(1)

    @contextmanager
    def open(self, newline: str | None = "") -> Iterator[TextIO]:
        """The text. A byte that does not fit the encoding becomes an UnreadableManifest that says where it is."""
        with self.origin.content() as stream, TextIOWrapper(stream, self.encoding, newline=newline) as text:
            try:
                yield text
            except UnicodeDecodeError as error:
                raise UnreadableManifest(f"{self._misfit()}: {self._remedy(error)}") from None

    def _misfit(self) -> str:
        """The place of the first byte that does not fit, counted from the start of the text."""
        decoder = codecs.getincrementaldecoder(self.encoding)()
        lines = IncrementalNewlineDecoder(decoder, translate=True)
        line, offset = 1, 0
        with self.origin.content() as stream:
            for chunk in chain(iter(lambda: stream.read(_CHUNK_BYTES), b""), [b""]):
                waiting = len(decoder.getstate()[0])
                try:
                    line += lines.decode(chunk, final=not chunk).count("\n")
                except UnicodeDecodeError as error:
                    sound = chunk[: max(0, error.start - waiting)]
                    line += lines.decode(sound, final=True).count("\n") if sound else 0
                    return f"{location(self.origin.path, line)}, byte {offset - waiting + error.start + 1:,}"
                offset += len(chunk)
        return location(self.origin.path)

    def _remedy(self, error: UnicodeDecodeError) -> str:
        name = "UTF-8" if self.encoding == "utf-8-sig" else self.encoding.upper()
        byte = error.object[error.start : error.start + 1].hex() or "nothing more"
        return (
            f"this is not {name} (the byte is {byte}); save the file as UTF-8 (in Excel: CSV UTF-8), or name its "
            "encoding: --encoding cp1252"
        )


def _known(wanted: str | None, path: str) -> str | None:
    if not wanted:
        return None
    try:
        "a".encode(wanted)  # not every codec is one of text
        return codecs.lookup(wanted).name
    except (LookupError, UnicodeError):
        raise UnreadableManifest(f"{location(path)}: there is no encoding {wanted!r}; try --encoding cp1252") from None


def _encoding(head: bytes, path: str, wanted: str | None) -> str:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UnreadableManifest(f"{location(path)}: this is UTF-32; save it as UTF-8")
    encoding = next((name for bom, name in _BOMS if head.startswith(bom)), None) or _known(wanted, path) or "utf-8"
    if not encoding.startswith("utf-16") and b"\0" in re.split(b"[\r\n]", head, maxsplit=1)[0]:
        raise UnreadableManifest(
            f"{location(path, 1)}: binary data, not text, or UTF-16 without its mark; save it as UTF-8 text"
        )
    return encoding
