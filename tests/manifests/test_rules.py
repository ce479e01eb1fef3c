"""What a single cell must be."""

from __future__ import annotations

import pytest

from tests.manifests.test_validate import BOOKING, rows, rules


@pytest.mark.parametrize(("text", "value"), [("1", 1), (" 7 ", 7), ("01", 1), ("0009", 9), ("2147483647", 2**31 - 1)])
def test_versions(text: str, value: int) -> None:
    """Whole numbers from 1; leading zeros are dropped, so that `01` and `1` are the same request."""
    result = rows(["subscriptionName", "subscriptionVersion"], ["A", text])
    assert result.fields["subscriptionVersion"] == [value]
    assert result.objects == [f"A v{value}"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        *((text, "not-an-integer") for text in ("1.5", "one", "1e3", "+1", "1,000", "٣", "²", "1 2", "--1", "0x1")),
        *((text, "not-positive") for text in ("0", "000", "-1", "-0", "-99999999999999999999")),
        *((text, "too-large") for text in ("2147483648", "99999999999", "9" * 5_000)),
    ],
)
def test_versions_that_are_none(text: str, rule: str) -> None:
    """Each wrong version by the name of its rule, with the value and the remedy."""
    result = rows(["subscriptionName", "subscriptionVersion"], ["A", text])
    assert rules(result.problems[0]) == [f"subscription-version-{rule}"]
    assert f"subscriptionVersion is '{text[:39]}" in result.problems[0]
    assert {column[0] for column in result.fields.values()} == {None}


@pytest.mark.parametrize(
    "character", ["\0", "\n", "\t", "\x1f", "\x7f", "\x85", "\x9f", "\u200b", "\u202e", "\ufeff", "\u2066"]
)
def test_control_characters(character: str) -> None:
    """What cannot be seen in an identifier is refused, and shown in the message as `�`."""
    result = rows(["invoiceNumber"], [f"INV{character}1"])
    assert result.problems == [
        "control-characters: invoiceNumber 'INV\ufffd1' contains invisible characters, type it again"
    ]
    assert result.objects == ["INV\ufffd1"]
    assert result.lanes == [None]


@pytest.mark.parametrize("character", ["é", "Ü", "日", "𝄞", "'", '"', "/", ";", "%", "\u00a0", "\u3000", "\ue000"])
def test_characters_that_are_allowed(character: str) -> None:
    """Everything else may be part of a name."""
    assert rows(["invoiceNumber"], [f"INV{character}1"]).problems == [None]


def test_long_values() -> None:
    """255 characters are allowed, 256 not."""
    result = rows(["invoiceNumber"], ["x" * 255], ["x" * 256], [" " + "x" * 255 + " "])
    assert [rules(problem) for problem in result.problems] == [[], ["value-too-long"], []]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["Subscripton", "A", "1", ""], "there is no type 'Subscripton', did you mean Subscription?"),
        (["Qwxz", "A", "1", ""], "there is no type 'Qwxz', use one of Subscription, OrderLineItem"),
        (["Subscription", "A", "", ""], "subscriptionVersion is missing, fill it in"),
        (["Invoice", "A", "", ""], "give invoiceNumber, or invoiceId of the Invoice"),
    ],
)
def test_words(cells: list[str], words: str) -> None:
    """A problem says what to do."""
    assert words in rows(BOOKING, cells).problems[0]
