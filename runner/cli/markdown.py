"""Markdown as text for a terminal: paragraphs wrapped, tables in columns, without comments, link targets and fences."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

WIDTH = 100
GAP = 2
MAX_COLUMN = 34  # what every column of a table but the last may take
MOST_COLUMNS = 3  # wider tables are shown as records
_ITEM = re.compile(r"(- |\d+\. )")


def rendered(text: str, width: int = WIDTH) -> str:
    """The text of a document for a terminal of a width."""
    lines: list[str] = []
    for kind, block in _blocks(text):
        if kind == "code":
            lines += [f"    {line}".rstrip() for line in block]
        elif kind == "table":
            lines += _table([_cells(line) for line in block], width)
        else:
            lines += _wrapped(" ".join(map(_plain, block)), width, indent=_indent(block[0])) or [""]
    return "\n".join(lines).strip("\n") + "\n"


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Code blocks, tables, and paragraphs or list items; an empty line is a paragraph of its own."""
    kind, block = "text", list[str]()
    for line in text.splitlines():
        if line.startswith("```"):
            yield from _nonempty(kind, block)
            kind, block = ("text" if kind == "code" else "code"), []
        elif kind == "code":
            block.append(line)
        elif not line.startswith("<!--"):
            this = "table" if line.startswith("|") else "text"
            if this != kind or (this == "text" and _begins_a_block(line, block)):
                yield from _nonempty(kind, block)
                kind, block = this, []
            block.append(line)
    yield from _nonempty(kind, block)


def _nonempty(kind: str, block: list[str]) -> Iterator[tuple[str, list[str]]]:
    if block:
        yield kind, block


def _begins_a_block(line: str, block: Sequence[str]) -> bool:
    return not line or block == [""] or line.startswith("#") or bool(_ITEM.match(line))


def _indent(line: str) -> int:
    item = _ITEM.match(line)
    return len(item[0]) if item else 0


def _wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=" " * indent, break_on_hyphens=False)


def _plain(line: str) -> str:
    if line.startswith("#"):
        return line.lstrip("# ").upper()
    line = re.sub(r"!?\[([^\]]+)\]\([^)]+\)", r"\1", line)
    return re.sub(r"\*\*([^*]+)\*\*", r"\1", line).strip()


def _cells(line: str) -> list[str]:
    return [_plain(cell.strip()) for cell in line.strip().strip("|").split("|")]


def _table(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    header, _, *body = rows
    if len(header) > MOST_COLUMNS:
        yield from _records(header, body, width)
        return
    sizes = [max(map(len, column)) for column in zip(header, *body, strict=True)]
    widths = [min(size, MAX_COLUMN) for size in sizes[:-1]]
    widths.append(max(width - GAP * len(widths) - sum(widths), 20))
    yield from _row(header, widths)
    yield from _row(["-" * min(size, limit) for size, limit in zip(sizes, widths, strict=True)], widths)
    for row in body:
        yield from _row(row, widths)


def _row(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """One row of a table: as many lines as its longest cell needs."""
    wrapped = [_wrapped(cell, limit) for cell, limit in zip(cells, widths, strict=True)]
    for number in range(max(map(len, wrapped))):
        line = [cell[number] if number < len(cell) else "" for cell in wrapped]
        yield (" " * GAP).join(part.ljust(limit) for part, limit in zip(line, widths, strict=True)).rstrip()


def _records(header: Sequence[str], body: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Each row as a paragraph: its first cell, then the others under it, each with its heading."""
    for row in body:
        yield from _wrapped(f"{header[0]}: {row[0]}", width, indent=2)
        for name, cell in zip(header[1:], row[1:], strict=True):
            yield from _wrapped(f"  {name}: {cell}", width, indent=4)
