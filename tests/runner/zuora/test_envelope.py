"""What is an envelope and what is none."""

from __future__ import annotations

import pytest

from runner.domain.model import Kind, Reason
from runner.zuora.envelope import envelope
from tests.runner.zuora.test_verdict import DONE, judged


@pytest.mark.parametrize("body", [DONE.replace(b'"a"', b'"\xff"'), b'{"success": false, "\xe4": 1}', b'"\xff"'])
def test_what_is_not_utf_8_is_no_envelope(body):
    """Half of the message of an error in another encoding ends no run."""
    assert envelope(body) is None
    assert judged(200, body).reason is Reason.UNEXPECTED


def test_deeply_nested_json_is_no_envelope():
    """A body made to break the parser is merely unexpected."""
    assert envelope(b"[" * 100_000) is None


def test_an_envelope_behind_a_byte_order_mark():
    """It is one."""
    assert judged(200, b"\xef\xbb\xbf" + DONE).kind is Kind.SUCCEEDED
