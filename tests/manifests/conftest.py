"""What the tests of the loader share: writing a manifest, reading it whole, checking it whole."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest

from manifests import Checked, ManifestError, checker, open_manifest

Rows = list[list[str | None]]


def _read(path: Path | str, size: int = 20_000, stdin: BytesIO | None = None) -> tuple[list[str], Rows]:
    with open_manifest(str(path), stdin=stdin) as source:
        rows: Rows = []
        last = 0
        for batch in source.batches(size):
            assert last < batch.rows[0]
            assert all(after > before for before, after in pairwise(batch.rows))
            last = batch.rows[-1]
            assert list(batch.frame.columns) == list(source.columns)
            assert all(dtype.kind == "O" and dtype == "object" for dtype in batch.frame.dtypes)
            assert len(batch.frame) == len(batch.rows) > 0
            rows += batch.frame.to_numpy().tolist()
        return list(source.columns), rows


def _checked(path: str, *, size: int = 20_000, type: str | None = None, resend_unknown: bool = False) -> Checked:
    with open_manifest(path) as source:
        judge = checker(source.columns, path=path, type=type, resend_unknown=resend_unknown)
        whole, *parts = [judge.check(batch) for batch in source.batches(size)]
    for part in parts:
        for name in ("types", "objects", "lanes", "problems"):
            getattr(whole, name).extend(getattr(part, name))
        for wire, column in part.fields.items():
            whole.fields[wire].extend(column)
    return whole


def _complaint(path: str, type: str | None = None) -> str:
    with pytest.raises(ManifestError) as caught:
        _checked(path, type=type)
    return str(caught.value)


@pytest.fixture(scope="session")
def read() -> Callable[..., tuple[list[str], Rows]]:
    """Header and rows of a manifest; asserts on the way what every batch of every format promises."""
    return _read


@pytest.fixture(scope="session")
def checked() -> Callable[..., Checked]:
    """The verdicts on all rows of a manifest."""
    return _checked


@pytest.fixture(scope="session")
def complaint() -> Callable[..., str]:
    """What the person is told about a manifest that cannot be used."""
    return _complaint


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], str]:
    """Puts a file into the test's own folder and returns its path."""

    def written(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return written
