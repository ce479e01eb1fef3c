"""Lists by pages (guide "Pagination"): `page` from 1, `pageSize` 20 unless set otherwise and 40 at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

USUAL = 20
MOST = 40


def page_of(
    items: Sequence[Any], query: Mapping[str, str], path: str, most: int = MOST
) -> tuple[Sequence[Any], dict[str, Any]]:
    """One page, and the field `nextPage` where another follows. Raises ValueError on numbers that are none."""
    page, size = _number(query, "page", 1), _number(query, "pageSize", USUAL)
    size = min(size, most)
    begin = (page - 1) * size
    follows = begin + size < len(items)
    next_page = {"nextPage": f"{path}?page={page + 1}&pageSize={size}"} if follows else {}
    return items[begin : begin + size], next_page


def _number(query: Mapping[str, str], name: str, usual: int) -> int:
    text = query.get(name, str(usual))
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"Invalid value for parameter {name}: {text}")
    return int(text)
