"""How messages about a manifest begin."""

from __future__ import annotations

import pytest

from manifests.errors import MalformedManifest, ManifestError, NoRows, UnreadableManifest, UnsuitableHeader, location


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("m.csv",), "m.csv"),
        (("-",), "standard input"),
        (("m.csv", 17), "m.csv, line 17"),
        (("-", 1200), "standard input, line 1,200"),
        (("m.xlsx", 3, "row"), "m.xlsx, row 3"),
    ],
)
def test_a_message_names_file_and_line(words, text):
    assert location(*words) == text


def test_all_of_them_are_one_kind():
    """Whoever reads manifests catches one exception."""
    assert all(issubclass(kind, ManifestError) for kind in (UnreadableManifest, MalformedManifest, UnsuitableHeader))
    assert issubclass(NoRows, MalformedManifest)
