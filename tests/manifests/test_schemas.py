"""The types of objects and their templates."""

from __future__ import annotations

import pytest

from manifests import template
from manifests.schemas import TYPES


@pytest.mark.parametrize("type", TYPES)
def test_template(read, write, checked, type: str) -> None:
    """The template of a type, filled in, is a manifest of that type without saying so."""
    header = template(type)
    path = write("m.csv", header + ",".join("1" for _ in header.split(",")) + "\n")
    assert checked(path).types == [type]
    assert checked(path).problems == [None]


def test_template_of_no_type() -> None:
    """A slip of the pen gets a suggestion, and any spelling of a type will do."""
    assert template("order line item") == "orderNumber,itemNumber\n"
    with pytest.raises(ValueError, match="there is no type 'invoce'; did you mean Invoice"):
        template("invoce")
