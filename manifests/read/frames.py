"""The common shape: a frame of text, one object column per header, and what a header must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from manifests.errors import MalformedManifest

if TYPE_CHECKING:
    from pandas import DataFrame


Cell = str | None


class Piece(NamedTuple):
    """Some rows of a file, and the number of each, counted from 1 after the header. Rows without a value are counted
    but left out, so that a number leads to the row in the person's own program."""

    frame: DataFrame
    rows: Sequence[int]


def framed(columns: Sequence[Any], headers: Sequence[str], rows: int) -> DataFrame:
    """A frame of object columns, out of one sequence of cells per header."""
    from pandas import DataFrame, Index, RangeIndex, Series

    index = RangeIndex(rows)
    built = DataFrame({n: Series(cells, index, dtype=object) for n, cells in enumerate(columns)}, index)
    built.columns = Index(headers, dtype=object)
    return built


def piece(table: Sequence[Sequence[Cell]], headers: Sequence[str], rows: Sequence[int]) -> Piece:
    """A piece out of one sequence of cells per row."""
    columns: list[list[Cell]] = [list(column) for column in zip(*table, strict=True)]
    return Piece(framed(columns, headers, len(table)), rows)


def filled(cells: Sequence[Cell]) -> bool:
    """Whether a row has any value."""
    return any(cell and not cell.isspace() for cell in cells)


def named_headers(headers: Sequence[str]) -> list[str]:
    """The headers; a column without one gets a name as pandas gives it, and is carried along."""
    taken = set(headers)
    names = []
    for number, header in enumerate(headers):
        name = header
        if not header.strip():
            name = f"Unnamed: {number}"
            while name in taken:
                name += "_"
            taken.add(name)
        names.append(name)
    return names


def checked_headers(headers: Sequence[str], where: str) -> tuple[str, ...]:
    """The headers, if no two are the same. Raises MalformedManifest."""
    repeated = [header for header, times in Counter(headers).items() if times > 1 and header.strip()]
    if repeated:
        names = ", ".join(repr(header) for header in repeated)
        raise MalformedManifest(f"{where}: the header {names} occurs more than once; rename or remove one column")
    return tuple(named_headers(headers))
