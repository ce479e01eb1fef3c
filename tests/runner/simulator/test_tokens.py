"""Access tokens of the simulated tenant."""

from __future__ import annotations

from runner.simulator import ManualClock, Options
from tests.runner.simulator.conftest import calling
from tests.runner.simulator.test_rate_limits import START


async def test_without_a_token_nobody_comes_in() -> None:
    """401 with an envelope of category 11; nothing is counted as an arrival."""
    async with calling() as caller:
        caller.headers["Authorization"] = "Bearer stolen"
        response = await caller.book()
        assert (response.status, response.category) == (401, 11)
        assert caller.effects() == []


async def test_tokens_expire() -> None:
    """After the lifetime, and all at once on order."""
    clock = ManualClock()
    async with calling(Options(token_seconds=60), clock) as caller:
        await clock.advance(59)
        assert (await caller.book()).status == 200
        await clock.advance(1)
        assert (await caller.book()).status == 401
        await caller.sign_in()
        assert (await caller.ask("POST", "/_sim/expire-tokens")).json == {"expired": 2}
        assert (await caller.book()).status == 401


async def test_credentials() -> None:
    """Any are good unless some are demanded; wrong ones get 401."""
    async with calling() as caller:
        token = (await caller.sign_in(client_id="anyone")).json
        assert (token["token_type"], token["expires_in"]) == ("bearer", 3599)
        assert {"access_token", "scope", "jti"} < set(token)
        assert (await caller.sign_in(client_secret="")).status == 401
        assert (await caller.sign_in(grant_type="password")).status == 400
        caller.simulator.change(client_id="client", client_secret="secret")
        assert (await caller.sign_in()).status == 200
        assert (await caller.sign_in(client_secret="wrong")).status == 401
        assert (await caller.sign_in(client_id="wrong")).status == 401
        assert (await caller.ask("GET", "/_sim/stats")).json["tokenRequests"] == 7


async def test_token_requests_have_a_limit() -> None:
    """100 a minute from one address, here one."""
    clock = ManualClock(START)
    async with calling(Options(tenant="production", quota_scale=0.01), clock) as caller:
        assert (await caller.sign_in()).status == 429
        await clock.advance(60)
        assert (await caller.sign_in()).status == 200
