"""Ids and numbers of invented objects: by arithmetic on one id, as there are millions of them."""

from __future__ import annotations

from runner.simulator.seeded_random import hex_ids

_MASK = (1 << 128) - 1
_STEPS = {
    "charge": 0x9E3779B97F4A7C15F39CC0605CEDC835,
    "rate plan": 0xC2B2AE3D27D4EB4F165667B19E3779F9,
    "item": 0xA24BAED4963EE4079FB21C651E98DF25,
    "booking": 0xD1B54A32D192ED0381DADEF4BC2DD44D,
    "billing": 0xBF58476D1CE4E5B994D049BB133111EB,
}


def bits(identity: str) -> int:
    """128 bits that an id stands for; one that is not hexadecimal is hashed."""
    bare = identity.replace("-", "")
    if len(bare) == 32:
        try:
            return int(bare, 16)
        except ValueError:
            pass
    return int(hex_ids(0, 1, "id", identity)[0], 16)


def related(identity: str, role: str, number: int = 1) -> str:
    """The id of the `number`-th thing of that role beside the object: always the same, and of no other object."""
    return f"{(bits(identity) + number * _STEPS[role]) & _MASK:032x}"


def numbered(prefix: str, identity: str) -> str:
    """A number as people see it, such as C-00001234."""
    return f"{prefix}{bits(identity) % 100_000_000:08d}"
