"""Lists of jobs, page by page."""

from __future__ import annotations

import json

import pytest

from runner.domain.model import Silence
from runner.zuora.auth import Credentials
from runner.zuora.client import connected
from runner.zuora.connection import Wire
from runner.zuora.envelope import envelope
from runner.zuora.jobs.listing import page
from tests.harness.imposter import imposter


@pytest.mark.parametrize(
    "address", ["@thief.invalid/v1/x", ":1@thief.invalid", "//thief.invalid/x", "https://thief.invalid/v1/jobs?p=2"]
)
async def test_no_answer_leads_the_token_elsewhere(address):
    """The next page of a list is asked of our own host, whatever the server says; what is no path, of none."""
    parsed = envelope(json.dumps({"success": True, "jobs": [{}], "nextPage": address}).encode())
    assert parsed is not None
    _, path = page(parsed) or ([], None)
    assert path is not None
    with imposter() as server:
        async with connected(Wire(server.url, Credentials("i", "s"))) as client:
            await client.ask("GET", path)
            refused = await client.ask("GET", address) if not address.startswith("/") else None
    assert [one.headers["Host"] for one in server.seen] == [server.url.removeprefix("http://")] * 2
    assert refused is None or (isinstance(refused, Silence) and refused.kind == "address")
