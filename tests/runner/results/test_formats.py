"""The formats of results."""

from __future__ import annotations

import pytest

from runner.domain.errors import Refused
from runner.results import workbook
from runner.results.formats import formats_of


def test_without_the_extra_it_is_refused_before_anything_is_sent(monkeypatch):
    """With the remedy."""
    monkeypatch.setattr(workbook, "find_spec", lambda name: None)
    with pytest.raises(Refused, match=r"pip install 'regeneration-runner\[excel\]'"):
        formats_of("xlsx")
