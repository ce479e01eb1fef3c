"""The manifests of a command, each opened once however often its run is looked at before it is planned."""

from __future__ import annotations

from contextlib import ExitStack

from manifests import Source, open_manifest


class OpenManifests:
    """Open manifests by their paths. A context manager; a source may be read as often as one likes."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._sources: dict[str, Source] = {}

    def open(self, path: str) -> Source:
        """The manifest at a path. Raises ManifestError."""
        if path not in self._sources:
            self._sources[path] = self._stack.enter_context(open_manifest(path))
        return self._sources[path]

    def __enter__(self) -> OpenManifests:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._sources.clear()
