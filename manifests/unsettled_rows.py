"""Rows of an earlier run that may have been done: a new run is a new key, and would do them twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

UNSETTLED = {
    "outcome-unknown": (
        "the earlier run got no response and the work may have been done, use regen resume on that run, "
        "or --resend-unknown"
    ),
    "outcome-pending": (
        "the earlier run is not over and has sent this row, use regen resume on that run, or --resend-unknown"
    ),
}


def unsettled(regen: pandas.DataFrame) -> list[str | None]:
    """Which of `UNSETTLED` keeps each row of an earlier run (`Batch.regen`) from being sent anew; None if none does."""
    names = ("regen_state", "regen_outcome", "regen_attempts")
    return [_unsettled(*row) for row in zip(*(regen[name].tolist() for name in names), strict=True)]


def _unsettled(state: str | None, outcome: str | None, attempts: str | None) -> str | None:
    """Either column is enough, should the other be gone."""
    words = {(word or "").strip().lower() for word in (state, outcome)}
    if "unknown" in words:
        return "outcome-unknown"
    if "pending" in words and attempts and attempts != "0":
        return "outcome-pending"
    return None
