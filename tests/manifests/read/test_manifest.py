"""A manifest while it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from manifests import ManifestError, open_manifest
from tests.manifests.test_broken import GOOD


def test_disk_that_fails(write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other error of the disk is told with its reason."""
    path = write("m.csv", GOOD)
    monkeypatch.setattr(Path, "open", lambda *_, **__: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    with pytest.raises(ManifestError, match="cannot be read \\(Input/output error\\)"):
        open_manifest(path)


def test_file_that_changes_while_it_is_read(write) -> None:
    """The digest was taken of other bytes than were read: the whole manifest is refused."""
    path = write("m.csv", GOOD)
    with open_manifest(path) as source:
        batches = source.batches(1)
        next(batches)
        write("m.csv", GOOD + b"A-3,1\n")
        with pytest.raises(ManifestError, match="the file changed while it was read"):
            list(batches)
