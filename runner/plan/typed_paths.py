"""`FILE:TYPE`: a type for one file, where its columns do not say whose they are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from manifests.schemas import canonical, suggestion
from runner.domain.errors import Refused


def typed_paths(words: Iterable[str], folder: str = ".") -> tuple[tuple[str, ...], dict[str, str]]:
    """The paths, and the types of those that have one. Raises Refused for a type that does not exist.

    A file whose whole name is `FILE:TYPE` is that file; paths are counted from `folder`.
    """
    paths: list[str] = []
    types: dict[str, str] = {}
    for word in words:
        path, type_ = _divided(word, folder)
        paths.append(path)
        if type_ is None:
            continue
        if types.setdefault(path, type_) != type_:
            raise Refused(f"{path} is named with two types, {types[path]} and {type_}; name it once")
    return tuple(paths), types


def _divided(word: str, folder: str) -> tuple[str, str | None]:
    path, colon, type_ = word.rpartition(":")
    if not (colon and path and type_) or _is_file(folder, word):
        return word, None
    if (known := canonical(type_)) is not None:
        return path, known
    if path == "-" or _is_file(folder, path):
        raise Refused(f"{word}: there is no type {type_!r}; {suggestion(type_)}")
    return word, None


def _is_file(folder: str, path: str) -> bool:
    try:
        return Path(folder, path).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False
