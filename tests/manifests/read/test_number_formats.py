"""Whether a cell of a workbook shows a number, a date or something else."""

from __future__ import annotations

import pytest

from manifests.read.number_formats import Shown, code_of, shown_by


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        *((code, Shown.DIGITS) for code in ["General", "0", "@", "#", "", "[Red]General", "0;-0"]),
        *((code, Shown.AMOUNT) for code in ["0.00", "#,##0", "#,##0.00"]),
        *((code, Shown.DATE) for code in ["yyyy-mm-dd", "d/m/yy", "[h]:mm:ss", "hh:mm", "[$-409]d mmm yyyy"]),
        *((code, Shown.OTHERWISE) for code in ["00000", '"INV-"0', "0%", ";;;", "0.00E+00", "# ?/?"]),
        *((code, Shown.OTHERWISE) for code in ["[$€-407]0", "0[$ EUR]", "0,"]),
        *((code, Shown.OTHERWISE) for code in ["[DBNum1]0", "[NatNum3]0", "[$-2000000]0"]),
        *((code, Shown.DATE) for code in ["[$-1070000]d/mm/yyyy", "[DBNum1]yyyy"]),
        *((code, Shown.DIGITS) for code in ["[$-409]0", "[$-en-US]General", "[Color 5]0", "0_);(0)"]),
    ],
)
def test_what_a_format_shows(code, shown):
    """A number that is shown as its digits is what the person saw; any other is not."""
    assert shown_by(code) is shown


def test_formats_that_are_built_in():
    """A number that no list explains is a date of some language, and so is never taken for digits."""
    assert code_of(0, {}) == "General"
    assert shown_by(code_of(14, {})) is Shown.DATE
    assert shown_by(code_of(30, {})) is Shown.DATE
    assert code_of(14, {14: "0"}) == "0"
