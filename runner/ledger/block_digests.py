"""Digests of a table while its rows pass, so that nothing that was just written is read again.

They are the digests of `checkpoint`, of blocks of a thousand keys; rows must come in the order of their keys.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import msgspec

BLOCK = 1000  # rows, or requests, that a digest covers

_key = itemgetter(0)
encode = msgspec.json.Encoder().encode_lines


class BlockDigests:
    """The digests of one table, block by block. The key is the first value of a row."""

    def __init__(self) -> None:
        self._done: dict[int, str] = {}
        self._block = -1
        self._hash = hashlib.sha256()

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take the next rows."""
        begin = 0
        while begin < len(rows):
            block = _key(rows[begin]) // BLOCK
            end = bisect_left(rows, (block + 1) * BLOCK, begin, key=_key)
            if block != self._block:
                self._close()
                self._block = block
            self._hash.update(encode(rows[begin:end]))
            begin = end

    def blocks(self) -> dict[int, str]:
        """Number of each block that has rows, SHA-256 (hexadecimal). Nothing may be added afterwards."""
        self._close()
        self._block = -1
        return self._done

    def _close(self) -> None:
        if self._block >= 0:
            self._done[self._block] = self._hash.hexdigest()
        self._hash = hashlib.sha256()
