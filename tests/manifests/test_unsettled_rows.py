"""Rows of an earlier run whose outcome is open."""

from __future__ import annotations

import pytest

from tests.manifests.test_validate import rows, rules


def test_unknown_outcomes() -> None:
    """A row whose work may have been done is refused, also under the cloak of a duplicate, unless it is asked for."""
    for earlier in ({"regen_state": "unknown"}, {"regen_state": "duplicate", "regen_outcome": "unknown"}):
        result = rows(["invoiceNumber"], ["INV1"], **earlier)
        assert rules(result.problems[0]) == ["outcome-unknown"]
        assert "use regen resume on that run, or --resend-unknown" in result.problems[0]
        assert rows(["invoiceNumber"], ["INV1"], resend_unknown=True, **earlier).problems == [None]
    for state in ("failed", "succeeded", "rejected", "duplicate", "", None):
        assert rows(["invoiceNumber"], ["INV1"], regen_state=state, regen_outcome="failed").problems == [None]


def test_pending_outcomes() -> None:
    """What an unfinished run has sent may be under way; what it has not sent is nobody's yet."""
    for earlier in ({"regen_state": "pending"}, {"regen_state": "duplicate", "regen_outcome": "pending"}):
        result = rows(["invoiceNumber"], ["INV1"], **earlier, regen_attempts="1")
        assert rules(result.problems[0]) == ["outcome-pending"]
        assert rows(["invoiceNumber"], ["INV1"], **earlier, regen_attempts="1", resend_unknown=True).problems == [None]
        for unsent in ("0", "", None):
            assert rows(["invoiceNumber"], ["INV1"], **earlier, regen_attempts=unsent).problems == [None]


@pytest.mark.parametrize(("resend", "expected"), [(False, [True, True, False]), (True, [False, False, False])])
def test_unknown_rows_are_kept_back(write, checked, resend: bool, expected: list[bool]) -> None:
    """Rows that may have been done are refused, and their duplicates with them, unless --resend-unknown."""
    text = "invoiceNumber,regen_state,regen_outcome\nINV1,unknown,unknown\nINV1,duplicate,unknown\nINV2,failed,failed\n"
    result = checked(write("results.csv", text), resend_unknown=resend)
    assert [bool(problem and problem.startswith("outcome-unknown: ")) for problem in result.problems] == expected


@pytest.mark.parametrize("left", ["regen_state", "regen_outcome"])
def test_one_of_two_columns_is_enough_to_keep_a_row_back(write, checked, left: str) -> None:
    """Somebody may have removed the other."""
    result = checked(
        write("results.csv", f"invoiceNumber,{left},regen_attempts\nI1,unknown,6\nI2,pending,1\nI3,failed,1\n")
    )
    assert [problem and problem.split(":")[0] for problem in result.problems] == [
        "outcome-unknown",
        "outcome-pending",
        None,
    ]


def test_a_database_may_have_changed_the_case(write, checked) -> None:
    """Of the columns, and of what stands in them."""
    result = checked(
        write("results.csv", "invoiceNumber,REGEN_STATE,Regen_Type\nI1,UNKNOWN,Invoice\nI2,Failed,Invoice\n")
    )
    assert [bool(problem) for problem in result.problems] == [True, False]
