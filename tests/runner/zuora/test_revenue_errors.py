"""Codes of Zuora Revenue's errors, and what to do about them."""

from __future__ import annotations

import pytest

from runner.zuora.revenue_errors import CUSTOM_RULE, REMEDIES, SEND_AGAIN, code_of, remedy_for

PUBLISHED = "00647 00646 00648 00600 00609 76 77 00011 00012 00021 00023 00622 10000"


def test_every_published_code_has_a_remedy():
    """Of "Error messages in Zuora Revenue", those that what we send can meet."""
    assert set(REMEDIES) == {f"RPRO-{number}" for number in PUBLISHED.split()}


@pytest.mark.parametrize(
    ("message", "code", "remedy"),
    [
        ("RPRO-00647 - processed", "RPRO-00647", REMEDIES["RPRO-00647"]),
        ("Line: rpro-647: processed", "RPRO-647", REMEDIES["RPRO-00647"]),
        ("[RPRO-076] rate", "RPRO-076", REMEDIES["RPRO-76"]),
        ("RPRO-760 - unknown", "RPRO-760", SEND_AGAIN),
        ("CUST-00001 - cost centre", "CUST-00001", CUSTOM_RULE),
        ("CUST_RULE_7: cost centre", "CUST_RULE_7", CUSTOM_RULE),
        ("the customer is unknown", None, SEND_AGAIN),
        ("", None, SEND_AGAIN),
    ],
)
def test_the_code_in_a_message(message, code, remedy):
    """In any case, with or without leading zeros; a word that begins like a code is none."""
    assert code_of(message) == code
    assert remedy_for(code_of(message)) == remedy
