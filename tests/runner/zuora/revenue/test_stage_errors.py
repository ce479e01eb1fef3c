"""The list of errors of Zuora Revenue's staging, as servers may write it."""

from __future__ import annotations

import pytest

from runner.zuora.revenue.client import RevenueUnavailableError
from runner.zuora.revenue.stage_errors import StageError, stage_errors
from tests.harness.imposter import Response

ROW = {"id": 1, "type": "SO", "so_line_id": "a.1", "inv_line_id": None, "err_msg": "RPRO-76 - x", "crtd_dt": "t"}
SEEN = [StageError("RPRO-76 - x", "a.1", "", "t")]


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (Response(204, b""), []),
        (Response(200, b""), []),
        (Response(200, {"status": "Success"}), []),
        (Response(200, {"status": "Success", "Result": [ROW]}), SEEN),
        (Response(200, {"Status": "Success", "result": [{key.upper(): value for key, value in ROW.items()}]}), SEEN),
        (Response(200, {"Result": [{**ROW, "inv_line_id": 7, "more": {"x": 1}}, {"err_msg": None}]}), None),
    ],
)
def test_the_errors(looked, answer, seen):
    """204 and an empty list are none; names in any case, ids as numbers, fields that are new."""
    rows, _, _ = looked(stage_errors, lambda arrived: answer)
    assert rows == (seen if seen is not None else [StageError("RPRO-76 - x", "a.1", "7", "t")])


@pytest.mark.parametrize(
    "answer",
    [
        Response(200, {"success": False, "message": "no right", "Result": []}),
        Response(200, {"status": "Error", "message": "no right"}),
        Response(200, b"<html>"),
        Response(400, {"message": "no right"}),
        Response(404, b""),
    ],
)
def test_what_is_no_list_of_errors(looked, answer):
    """It is never taken for no errors."""
    with pytest.raises(RevenueUnavailableError, match="/v1/stage/error/transaction: HTTP"):
        looked(stage_errors, lambda arrived: answer)
