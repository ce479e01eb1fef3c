"""Keyword arguments of the Python API."""

from __future__ import annotations

import pytest

import runner


@pytest.mark.parametrize(
    ("call", "files", "more", "error"),
    [
        ("plan", "none.csv", {}, runner.errors.Refused),
        ("plan", [], {}, runner.errors.Refused),
        ("plan", "s.csv", {"typ": "Invoice"}, TypeError),
        ("plan", "s.csv", {"max_requests": 3}, TypeError),
        ("run", "s.csv", {"until": "soon"}, runner.errors.Refused),
        ("run", "s.csv", {"max_failures": "many"}, runner.errors.Refused),
        ("run", "s.csv", {"format": "xls"}, runner.errors.Refused),
        ("run", "s.csv", {"base_url": "https://rest.zuora.com"}, runner.errors.Refused),
        ("resume", "nothing", {}, runner.errors.Refused),
    ],
)
def test_what_is_refused(manifest, options, monkeypatch, call, files, more, error):
    """An exception with the reason; nothing is sent, no question is asked."""
    monkeypatch.chdir(manifest.parent)
    with pytest.raises(error):
        getattr(runner, call)(files, **({"base_url": "http://127.0.0.1:1"} | options | more))
