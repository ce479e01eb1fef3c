"""Texts, times and ids as a query spells them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

UUID_BOUNDS = (0, 8, 12, 16, 20, 32)


def quoted(texts: Sequence[str]) -> str:
    """Texts as SQL has them, separated by commas."""
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)


def timestamp(microseconds: int) -> str:
    """A time as a literal: with its offset and three decimals, since more of them lose the index.

    Source: "General best practices" of Data Query.
    """
    milliseconds = microseconds // 1000
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S}.{milliseconds % 1000:03d} +00:00'"


def spellings(plain_id: str) -> Sequence[str]:
    """An id without hyphens as tenants spell it: with 32 characters, or with 36. Source: "Available tables"."""
    if len(plain_id) != 32:
        return (plain_id,)
    return plain_id, "-".join(plain_id[begin:end] for begin, end in pairwise(UUID_BOUNDS))
