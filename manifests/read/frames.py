"""The common shape: a frame of text, one object column per header, and what a header must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from manifests.errors import MalformedManifest

if TYPE_CHECKING:
    from pandas import DataFrame


Cell = str | None


def framed(columns: Sequence[Any], headers: Sequence[str], rows: int) -> DataFrame:
    """A frame of object columns, out of one sequence of cells per header."""
    from pandas import DataFrame, Index, RangeIndex, Series

    index = RangeIndex(rows)
    built = DataFrame({n: Series(cells, index, dtype=object) for n, cells in enumerate(columns)}, index)
    built.columns = Index(headers, dtype=object)
    return built


def checked_headers(headers: Sequence[str], where: str) -> tuple[str, ...]:
    """The headers, if every column has one and no two the same. Raises MalformedManifest."""
    for number, header in enumerate(headers, 1):
        if not header.strip():
            raise MalformedManifest(
                f"{where}: column {number} has no name; name or remove it (a separator at the end of a line makes an "
                "empty column)"
            )
    twice = [header for header, times in Counter(headers).items() if times > 1]
    if twice:
        names = ", ".join(repr(header) for header in twice)
        raise MalformedManifest(f"{where}: the header {names} occurs more than once; rename or remove one column")
    return tuple(headers)
