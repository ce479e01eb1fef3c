"""Numbers of things in sentences."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """`1 row`, `1,200 rows`: a number with its noun, which gets an s where it is not one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
