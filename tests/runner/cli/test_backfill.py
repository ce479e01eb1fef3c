"""The command `regen backfill`."""

from __future__ import annotations

import pytest

from tests.harness.journeys import charges, uploads
from tests.runner.plan.test_backfill import COMMAND

REFUSED = {
    "ID,Note\nr1,x\n": "no column 'Note'",
    "ID,revenue_recognition_rule\nr1,x\n": "did you mean 'Revenue Recognition Rule'?",
    "Name,Revenue Recognition Rule\nr1,x\n": "no column 'ID'",
    "ID,Revenue Recognition Rule\n,x\n": "id-missing",
    "ID,Revenue Recognition Rule\nr1,x\nr1,y\n": "id-repeated: row 1 of the run",
    "ID,Revenue Recognition Rule,#Name\nr1,,n\nr2,x,\nr3,,n\n": "2 records have empty cells in 1 column",
    "ID,Revenue Recognition Rule\nr1,x\nr2,  \n": "1 record has empty cells in 1 column",
    "ID,Revenue Recognition Rule\n": "no rows",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_checked_before_anything_is_sent(tmp_path, regen, simulator, text):
    """Header, ids, empty cells; exit 2 and no upload."""
    source = tmp_path / "c.csv"
    source.write_text(text)
    with simulator() as server:
        refused = regen(*COMMAND, source, "--base-url", server.url)
        assert (refused.code, uploads(server)) == (2, [])
    assert REFUSED[text] in refused.err


def test_types_are_suggested(tmp_path, regen):
    refused = regen("backfill", "RateplanCharge", charges(tmp_path / "c.csv", 1), "--base-url", "http://127.0.0.1:1")
    assert (refused.code, "did you mean RatePlanCharge?" in refused.err) == (2, True)
