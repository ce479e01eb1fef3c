"""Times in the forms that tenants and exports print them.

Seen: `2023-12-20T05:31:05-05:00` (Data Query exports). Taken as well: a space for the T, fractions, `Z`, `-0500`, the
name of a zone behind the time (Trino: `2023-12-20 05:31:05.000 America/Los_Angeles`), `20-DEC-2023 05:31:05`, seconds,
milliseconds or microseconds since 1970.
"""

from __future__ import annotations

from typing import Any, Literal

ZONED = r":\d\d(?:\.\d+)?\s*(?:[Zz]|[+-]\d\d(?::?\d\d)?|[A-Za-z][A-Za-z0-9_+/-]*)\s*$|^\d{10,16}$"
_NAMED = r"^\s*(\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*([A-Za-z][A-Za-z0-9_+/-]*)\s*$"
_UNITS: dict[Literal["s", "ms", "us"], int] = {
    "s": 10,
    "ms": 13,
    "us": 16,
}  # the digits that a time of this century has in them


def moments(column: Any, *, zone: str | None = "UTC") -> tuple[Any, Any]:
    """A series of texts as microseconds since the epoch, and which of them could be read.

    `zone` is that of times without one; None where such times are not to be read: a tenant prints its own zone's.
    """
    import numpy as np
    import pandas as pd

    times = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
    unread = times.isna() & column.notna() & (column != "")
    if unread.any():
        times = times.mask(unread, _other_forms(column[unread].astype(str)))
    readable = times.notna()
    if zone != "UTC":
        without = readable & ~column.astype(str).str.contains(ZONED, regex=True)
        if zone is None:
            readable &= ~without
        elif without.any():
            times = times.mask(without, _in_zone(times[without].dt.tz_localize(None), zone))
            readable = times.notna()
    return times.dt.as_unit("us").to_numpy(dtype="datetime64[us]").astype(np.int64), readable.to_numpy()


def _other_forms(texts: Any) -> Any:
    """Times that are not ISO 8601; NaT where they are none."""
    import pandas as pd

    times = pd.Series(pd.NaT, texts.index, dtype="datetime64[us, UTC]")
    named = texts.str.extract(_NAMED)
    for zone, group in named.dropna().groupby(1):
        times[group.index] = _in_zone(pd.to_datetime(group[0], errors="coerce", format="ISO8601"), zone)
    months = pd.to_datetime(texts, errors="coerce", format="%d-%b-%Y %H:%M:%S", utc=True)
    times = times.fillna(months.dt.as_unit("us"))
    for unit, digits in _UNITS.items():
        epochs = texts[texts.str.fullmatch(rf"\d{{{digits}}}")]
        if len(epochs):
            times[epochs.index] = pd.to_datetime(epochs.astype("int64"), unit=unit, utc=True).dt.as_unit("us")
    return times


def _in_zone(naive: Any, zone: str) -> Any:
    """Times of a zone; NaT in the hour that its clocks show twice, and for a zone that nobody knows."""
    import pandas as pd

    try:
        local = naive.dt.as_unit("us").dt.tz_localize(
            "UTC" if zone.upper() in ("Z", "GMT") else zone, ambiguous="NaT", nonexistent="NaT"
        )
    except (KeyError, ValueError):  # pandas: a zone that is unknown, or whose name is no name
        return pd.NaT
    return local.dt.tz_convert("UTC")
