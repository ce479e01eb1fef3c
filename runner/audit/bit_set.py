"""A set of row numbers in an eighth of a byte for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


class BitSet:
    """Some of the numbers from 0 up to `size`."""

    def __init__(self, size: int) -> None:
        import numpy as np

        self._bits = np.zeros((size + 7) // 8, np.uint8)
        self.count = 0

    def add(self, numbers: np.ndarray[Any, Any]) -> None:
        """Add numbers that are not in it yet, each once."""
        import numpy as np

        np.bitwise_or.at(self._bits, numbers >> 3, (1 << (numbers & 7)).astype(np.uint8))
        self.count += len(numbers)

    def slice(self, first: int, count: int) -> np.ndarray[Any, Any]:
        """Of `count` numbers from `first` on, whether each is in it."""
        import numpy as np

        begin, skipped = first >> 3, first & 7
        bits = np.unpackbits(self._bits[begin : (first + count + 7) >> 3], bitorder="little")
        return bits[skipped : skipped + count].astype(bool)
