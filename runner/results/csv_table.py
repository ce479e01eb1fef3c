"""A table as CSV, a column at a time: what `csv_text` gives for its rows and safe cells, in a fraction of the time.

Texts are made safe for a spreadsheet, times are ISO 8601 in UTC, lists are JSON, null is an empty cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from runner.system.csv_dialect import NUMBER, RISKY

if TYPE_CHECKING:
    import pyarrow as pa

_FORMULA = rf"\A[{RISKY.replace('-', '')}-]"
_NUMBER = rf"\A{NUMBER}\z"
_QUOTED = '[,"\r\n]'


def csv_table(table: pa.Table) -> Iterator[bytes]:
    """The lines of a table in a CSV file, without a header; a batch at a time."""
    import pyarrow.compute as pc

    for batch in table.to_batches():
        lines = pc.binary_join_element_wise(*map(_cells, batch.columns), ",")
        yield "\n".join([*lines.to_pylist(), ""]).encode()


def _cells(column: Any) -> Any:
    """The cells of a column, as they stand in the file."""
    import pyarrow as pa
    from pyarrow import types

    kind = column.type
    if types.is_string(kind):
        return _quoted(_safe(column.fill_null("")))
    if types.is_list(kind):
        return _quoted(_texts(column, _array))
    if types.is_floating(kind):
        return _texts(column, repr)
    if types.is_timestamp(kind):
        return _moments(column)
    return column.cast(pa.string()).fill_null("")


def _safe(texts: Any) -> Any:
    """Texts that no spreadsheet takes for formulas."""
    import pyarrow.compute as pc

    risky = pc.match_substring_regex(texts, _FORMULA)
    if not pc.any(risky).as_py():
        return texts
    formula = pc.and_not(risky, pc.match_substring_regex(texts, _NUMBER))
    return pc.if_else(formula, pc.binary_join_element_wise("'", texts, ""), texts)


def _quoted(texts: Any) -> Any:
    """Texts in quotes where they must be."""
    import pyarrow.compute as pc

    special = pc.match_substring_regex(texts, _QUOTED)
    if not pc.any(special).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), texts)


def _moments(times: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = times.cast(pa.timestamp("us")).cast(pa.string())  # 2026-11-21 12:00:00.000000
    return pc.binary_join_element_wise(pc.replace_substring(texts, " ", "T"), "Z", "").fill_null("")


def _texts(column: Any, tell: Any) -> Any:
    import pyarrow as pa

    return pa.array(["" if value is None else tell(value) for value in column.to_pylist()], pa.string())


def _array(texts: list[str]) -> str:
    """A JSON array, as `json.dumps` writes it: this is quicker."""
    return f"[{', '.join(map(encode_basestring, texts))}]"
