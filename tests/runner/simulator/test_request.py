"""What the simulator reads of a request."""

from __future__ import annotations

import gzip
import json

from tests.runner.simulator.conftest import BOOKING, calling, subscription


async def test_a_compressed_request_is_the_same_request() -> None:
    """Content-Encoding: gzip; without that header a compressed body is no JSON."""
    async with calling() as caller:
        body, headers = json.dumps(subscription()).encode(), {"Content-Encoding": "gzip"}
        await caller.book()
        response = await caller.ask("POST", BOOKING, data=gzip.compress(body), headers=headers)
        assert response.json["success"] is True
        assert caller.effects() == [2]
        broken = await caller.ask("POST", BOOKING, data=gzip.compress(body)[:20], headers=headers)
        assert broken.category == 90
        assert (await caller.ask("POST", BOOKING, data=gzip.compress(body))).category == 90


async def test_the_order_of_json_keys_does_not_matter() -> None:
    """What is asked is the value of the body, not its bytes."""
    async with calling() as caller:
        await caller.book(key="k")
        turned = dict(reversed(subscription().items()))
        response = await caller.ask("POST", BOOKING, json=turned, headers={"Idempotency-Key": "k"})
        assert response.status == 200
        assert caller.effects() == [1]
