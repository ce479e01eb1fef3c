"""The manifests of a command, each opened once however often its run is looked at before it is planned."""

from __future__ import annotations

from contextlib import ExitStack

from manifests import Reading, Source, open_manifest


class OpenManifests:
    """Open manifests by their paths and the ways in which they are read; each may be read often. A context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._sources: dict[tuple[str, Reading], Source] = {}

    def open(self, path: str, reading: Reading) -> Source:
        """The manifest at a path, read in a way. Raises ManifestError."""
        if (path, reading) not in self._sources:
            self._sources[path, reading] = self._stack.enter_context(open_manifest(path, reading=reading))
        return self._sources[path, reading]

    def __enter__(self) -> OpenManifests:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._sources.clear()
