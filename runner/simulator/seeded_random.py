"""Chance that is no chance: numbers drawn from a seed and a name, the same in every run."""

from __future__ import annotations

from hashlib import blake2b

_SPAN = float(1 << 64)


def draw(seed: int, *names: object) -> float:
    """A number in [0, 1) that depends on the seed and the names alone."""
    return int.from_bytes(_hash(seed, names, 8), "big") / _SPAN


def hex_ids(seed: int, count: int, *names: object) -> list[str]:
    """`count` ids of 32 hex characters, as Zuora makes them."""
    return [_hash(seed, (*names, number), 16).hex() for number in range(count)]


def _hash(seed: int, names: tuple[object, ...], size: int) -> bytes:
    text = "\0".join([str(seed), *map(str, names)])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
