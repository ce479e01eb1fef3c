"""Which run at a remote is meant."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("last", "a remote has the runs of every machine, so name the run; the last ones: 2026-11-01-a, 2026-11-02-b"),
        ("2026-12", "has no copy of a ledger of run '2026-12'; the last ones: 2026-11-01-a, 2026-11-02-b"),
        ("2026-11", "begin with '2026-11': 2026-11-01-a, 2026-11-02-b; write more"),
    ],
)
def test_a_run_that_is_not_named_is_not_guessed(tmp_path, regen, name, reason):
    """Taking over the wrong one would end it on the machine that has it."""
    for run in ("2026-11-01-a", "2026-11-02-b"):
        (tmp_path / "remote/ledger" / run).mkdir(parents=True)
        (tmp_path / "remote/ledger" / run / "0-0.zst").touch()
    refused = regen("recover", name, "--remote", tmp_path / "remote", "--base-url", "http://127.0.0.1:1")
    assert (refused.code, reason in refused.err) == (2, True), refused.err
