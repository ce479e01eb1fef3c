"""Texts that a program left where an identifier should be."""

from __future__ import annotations

import pytest

from manifests.artefacts import Notes, probable, sure, unusual


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        *((text, "no-value") for text in ["nan", "NaN", "NULL", "None", "\\N", "<NA>", "[object Object]"]),
        *((text, "error-value") for text in ["#N/A", "#NV", "#REF!", "#NAME?", "#####", "#WERT!", "Err:502"]),
        *((text, "formula-text") for text in ['="00123"', "=SUM(A1:A2)"]),
        *((text, "scientific-number") for text in ["1.23457E+11", "1,5e-3"]),
        ("A_x000D_", "escaped-character"),
        *((text, "own-quotes") for text in ['"A-S1"', "'A-S1'"]),
    ],
)
def test_what_names_no_object(text, rule):
    """It rejects its row; and the quick look over a whole batch never passes it by."""
    finding = sure(text)
    assert finding is not None and finding.rule == rule
    assert list(unusual([text])) == [(0, text)]


@pytest.mark.parametrize("text", ["NA", "null", "1e5", "00123", "A-S00000001", "2c92a0", "INV-00000123", "none", "Nan"])
def test_what_may_be_an_identifier_is_let_through(text):
    """Words that people have used as names are no artefacts."""
    assert sure(text) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("“A-S1”", "curly-quotes"),
        ("A–S1", "typographic-dash"),
        ("A\u00a0S1", "inner-white-space"),
        ("A&amp;B", "html-entity"),
        ("123.0", "decimal-text"),
        ("1E+05", "exponent-text"),
        ("2027-01-15", "date-text"),
        ("15.01.2027", "date-text"),
        ("Grand Total", "footer-text"),
        ("Copyright 2027", "footer-text"),
        ("Mu\u0308ller", "decomposed-letters"),
    ],
)
def test_what_probably_is_none_is_noted(text, rule):
    """It is sent as it is, with a note."""
    assert sure(text) is None
    finding = probable(text)
    assert finding is not None and finding.rule == rule
    assert list(unusual([text])) == [(0, text)]


def test_a_note_names_rows_and_an_example_once():
    """Rows as the person's own program numbers them, at most five of them."""
    notes, finding = Notes(), probable("123.0")
    assert finding is not None
    for row in range(1, 8):
        notes.add(finding, row, f"{row}.0")
    (line,) = notes.lines("m.csv", 1)
    assert line == (
        "m.csv: 7 identifiers have the text of a decimal number, such as '1.0' (rows 2, 3, 4, 5, 6, …); check them"
    )


SURE = (
    "#N/A",
    "#n/a",
    "#N/D",
    "#GETTING_DATA",
    "#¡VALOR!",
    "#¡DIV/0!",
    "#¿NOMBRE?",
    "#WERT!",
    "#####",
    "Err:502",
    "<NA>",
    "\\N",
)
PROBABLE = {
    "Jan-12": "date-text",
    "Dez-2026": "date-text",
    "12-Jan": "date-text",
    "TRUE": "truth-value",
    "(blank)": "empty-word",
    "{}": "empty-word",
    "Total: 5": "footer-text",
    "Total (12)": "footer-text",
    "=A1": "formula-sign",
    "-5": "negative-number",
    "1,234": "grouped-digits",
    "1.234.567": "grouped-digits",
    "Mar-1": "date-text",
    "NONE": "empty-word",
    "not available": "empty-word",
    "Loading...": "empty-word",
    "-Infinity": "empty-word",
    "b'INV1'": "program-text",
    "Decimal('1')": "program-text",
    "datetime.date(2027, 1, 1)": "program-text",
    '{"id": 1}': "program-text",
    "(123)": "program-text",
    "INV1\\n": "program-text",
    'INV1"': "quoted-text",
    "<b>INV1</b>": "markup",
    "https://host/INV1": "markup",
    "$1.50": "amount-text",
    "15 %": "amount-text",
    "INV1; INV2": "list-text",
    "INV1,INV2": "list-text",
    "ＩＮＶ１": "wide-characters",
    "#REF": "error-sign",
}
IDENTIFIERS = (
    "NA",
    "null",
    "1e5",
    "00123",
    "A-S1",
    "Janus-12",
    "JAN-12",
    "A-S00000001",
    "INV-1",
    "1.234",
    "#12",
    "Totality",
)


def test_each_is_looked_at_and_judged() -> None:
    """The quick look over a batch leaves none of them out."""
    texts = [*SURE, *PROBABLE]
    assert [text for _, text in unusual(texts)] == texts
    assert all(sure(text) for text in SURE)
    assert {text: finding.rule for text in PROBABLE if (finding := probable(text))} == PROBABLE
    assert not any(map(sure, PROBABLE))


@pytest.mark.parametrize("text", IDENTIFIERS)
def test_identifiers_stay_what_they_are(text: str) -> None:
    """Nothing is said about them."""
    assert (sure(text), probable(text)) == (None, None)
