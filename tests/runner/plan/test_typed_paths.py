"""`FILE:TYPE` on the command line and in plan files."""

from __future__ import annotations

import pytest

from runner.domain.errors import Refused
from runner.domain.steps import Regenerate, Step, relative_to
from runner.plan.typed_paths import typed_paths


@pytest.mark.parametrize(
    ("word", "path", "type"),
    [
        ("m.csv", "m.csv", None),
        ("m.csv:Invoice", "m.csv", "Invoice"),
        ("a:b.csv:order line item", "a:b.csv", "OrderLineItem"),
        ("-:Invoice", "-", "Invoice"),
        ("a:b.csv", "a:b.csv", None),
        (":Invoice", ":Invoice", None),
    ],
)
def test_a_type_follows_the_last_colon(word, path, type):
    """Other colons belong to the name."""
    assert typed_paths([word]) == ((path,), {path: type} if type else {})


def test_a_file_of_that_name_is_that_file(tmp_path):
    """Though its name ends like a type."""
    (tmp_path / "m:Invoice").touch()
    assert typed_paths(["m:Invoice"], str(tmp_path)) == (("m:Invoice",), {})


def test_errors_are_reported(tmp_path):
    """A type that does not exist behind a file that does; two types for one file."""
    (tmp_path / "m.csv").touch()
    with pytest.raises(Refused, match=r"there is no type 'Invoce'; did you mean Invoice\?"):
        typed_paths(["m.csv:Invoce"], str(tmp_path))
    with pytest.raises(Refused, match="named with two types, Invoice and CreditMemo"):
        typed_paths(["m.csv:Invoice", "m.csv:CreditMemo"])


def test_types_follow_their_files():
    """Into another folder; and the fingerprint has them in the files' order, whatever the folder."""
    work = Regenerate(manifests=("m.csv", "n.csv"), types={"n.csv": "Invoice"})
    moved = relative_to(work, "/data")
    assert isinstance(moved, Regenerate)
    assert moved.types == {"/data/n.csv": "Invoice"}
    assert Step(1, work).identifying == Step(1, moved).identifying
    assert Step(1, work).identifying["types"] == [None, "Invoice"]
