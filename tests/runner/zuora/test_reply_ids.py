"""Ids that name one reply, and texts that many replies share."""

from __future__ import annotations

import pytest

from runner.zuora.reply_ids import MOST_REMEMBERED, ReplyIds, is_id


@pytest.mark.parametrize("text", ["7f3d9a10-4c2e-11ef-9b1e-0242ac120002", "2C92A0F85E7C2F3B", "req_8f14e45fceea167a"])
def test_what_names_a_reply(text):
    """UUIDs and their kind."""
    assert is_id(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "null", "None", "N/A", "undefined", "unavailable", "0", "00000000", "11111111-1111-1111"),
        "a1",
        "x" * 200,
    ],
)
def test_what_names_none(text):
    """Words, zeros, and what is too short or too long."""
    assert not is_id(text)


def test_an_id_of_two_requests_is_shared():
    """Whichever asks."""
    ids = ReplyIds()
    ids.note(1, ("edge-node-0042",))
    assert not ids.is_shared("edge-node-0042", 1)
    assert ids.is_shared("edge-node-0042", 2)
    ids.note(2, ("edge-node-0042",))
    assert ids.is_shared("edge-node-0042", 1)


def test_what_is_remembered_is_bounded():
    """The latest are kept."""
    ids = ReplyIds()
    for number in range(3 * MOST_REMEMBERED):
        ids.note(number, (f"id-{number:08}",))
    assert ids.is_shared(f"id-{3 * MOST_REMEMBERED - 1:08}", 0)
    assert len(ids._recent) + len(ids._older) <= 2 * MOST_REMEMBERED + 1
