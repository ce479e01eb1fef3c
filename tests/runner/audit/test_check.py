"""A check passes, fails, could not run or saw nothing; the exit code says which."""

from __future__ import annotations

import json

import msgspec
import pyarrow as pa
import pytest

from runner.audit.check import Check, Note, conclusion, exit_code, run_check
from runner.domain.errors import ExitCode, LedgerError


def raising(error: BaseException):
    def finder():
        yield "row 1: wrong"
        raise error

    return finder


@pytest.mark.parametrize(
    "error",
    [
        LedgerError("the ledger is damaged"),
        FileNotFoundError("results.csv"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
        msgspec.DecodeError("malformed"),
        json.JSONDecodeError("expected a value", "x", 0),
        pa.ArrowInvalid("not a Parquet file"),
    ],
)
def test_evidence_that_cannot_be_read_fails(error):
    """Exit 3: what was found before is counted too."""
    check = run_check("rows", "every row is there", raising(error))
    assert (check.word, check.count, check.error) == ("FAILED", 2, None)
    assert exit_code([check]) is ExitCode.ROWS_FAILED


@pytest.mark.parametrize("error", [TypeError("x"), KeyError("x"), RuntimeError("x"), AttributeError("x")])
def test_a_fault_of_the_check_is_no_damage(error):
    """It could not run, exit 1; evidence that fails elsewhere outranks that."""

    def finder():
        raise error
        yield ""

    check = run_check("rows", "every row is there", finder)
    assert (check.word, check.count, check.passed) == ("ERROR", 0, False)
    assert type(error).__name__ in "\n".join(check.lines())
    assert exit_code([check]) is ExitCode.FAULT
    failed = Check("ids", "no id twice", ("id a",), 1)
    assert exit_code([check, failed]) is ExitCode.ROWS_FAILED
    assert conclusion([check, failed]) == "1 of 2 checks failed: ids; 1 check could not run: rows"


def test_notes_refute_nothing():
    """Many of them are cut short, with their number."""
    check = run_check("rows", "every row is there", lambda: [Note(f"n{at}") for at in range(25)])
    assert (check.word, check.count) == ("ok", 0)
    assert check.notes[-1] == "… and 5 more"


def test_what_was_not_looked_at_is_named():
    """It does not fail, and is never called passed."""
    seen = Check("seal", "every file has its checksum")
    unseen = Check("tenant", "the tenant has the rows", skipped="no table shows them")
    assert exit_code([seen, unseen]) is ExitCode.SUCCEEDED
    assert unseen.lines() == [
        "skipped tenant: the tenant has the rows",
        "    nothing was looked at: no table shows them",
    ]
    assert conclusion([seen, unseen]) == "all 1 check passed; not looked at: tenant"
