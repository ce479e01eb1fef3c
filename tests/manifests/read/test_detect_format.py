"""Parquet, JSON Lines and Excel: typed values become the text that a CSV of the same data would hold."""

from __future__ import annotations

import io

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda name: name.strip() and not name.startswith("regen_")
)
PATH = st.text("ab. ", min_size=1, max_size=3).filter(str.strip)  # Parquet takes a dot for a step into a structure
SLOW = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str | None]]]:
    header = draw(st.lists(NAME | PATH, min_size=1, max_size=4, unique=True))
    row = st.lists(st.none() | TEXT, min_size=len(header), max_size=len(header))
    rows = row.filter(lambda cells: any(cell and not cell.isspace() for cell in cells))  # else it is no row
    return header, draw(st.lists(rows, min_size=1, max_size=12))


def test_json_is_known_without_its_suffix(read) -> None:
    """Standard input has no suffix: an object in the first line is JSON Lines."""
    assert read("-", stdin=io.BytesIO(b'{"invoiceNumber": "INV1"}\n')) == (["invoiceNumber"], [["INV1"]])


def test_brace_alone_is_not_json(read) -> None:
    """A header may begin with a brace."""
    assert read("-", stdin=io.BytesIO(b"{a},b\n1,2\n")) == (["{a}", "b"], [["1", "2"]])
