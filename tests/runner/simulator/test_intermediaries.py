"""Answers that proxies, gateways and firewalls make or change: what arrives, and whether the work was done."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import aiohttp
import pytest

from runner.simulator import Options
from tests.runner.simulator.conftest import Response, calling


async def answered(name: str, **more: object) -> tuple[Response, Response, list[int]]:
    """The answers to a request and to its repeat under the same key, and how often the work was done."""
    options = Options(faults={name: 1.0}, fault_arrivals=1, retry_after=7, **more)
    async with calling(options) as caller:
        first = await caller.book(key="k")
        return first, await caller.book(key="k"), caller.effects()


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("503-null-id", 503),
        ("503-retry-date", 503),
        ("503-retry-epoch", 503),
        ("429-reset-only", 429),
        ("waf-403", 403),
    ],
)
async def test_in_front_of_the_api_nothing_is_done(name, status):
    """And the key is as if it had not been used."""
    first, second, effects = await answered(name)
    assert first.status == status
    assert (second.status, second.json["success"], effects) == (200, True, [1])


async def test_when_to_come_back_comes_in_four_ways():
    """As seconds, as a date, since 1970, and only in ratelimit-reset."""
    dated, *_ = await answered("503-retry-date")
    assert 5 < parsedate_to_datetime(dated.headers["Retry-After"]).timestamp() - time.time() < 9
    since_1970, *_ = await answered("503-retry-epoch")
    assert 5 < int(since_1970.headers["Retry-After"]) - time.time() < 9
    reset, *_ = await answered("429-reset-only")
    assert (reset.headers.get("Retry-After"), reset.headers["ratelimit-reset"]) == (None, "7")


@pytest.mark.parametrize(("name", "done"), [("503-null-id", [0]), ("504-null-id-worked", [1])])
async def test_a_gateway_names_no_request(name, done):
    """`null` is the same for everybody: it identifies nothing."""
    async with calling(Options(faults={name: 1.0})) as caller:
        pages = [await caller.book(key="k"), await caller.book(key="k")]
        assert [page.headers["Zuora-Request-Id"] for page in pages] == ["null", "null"]
        assert {page.headers["Content-Type"] for page in pages} == {"text/html"}
        assert caller.effects() == done


async def test_a_saved_refusal_comes_back_under_its_key():
    """With the same request id; another key has the work done."""
    first, second, effects = await answered("429-saved")
    assert (first.status, second.status, effects) == (429, 429, [0])
    assert first.headers["Zuora-Request-Id"] == second.headers["Zuora-Request-Id"]
    async with calling(Options(faults={"429-saved": 1.0}, fault_arrivals=1)) as caller:
        await caller.book(key="k")
        assert (await caller.book(key="another")).status == 200
        assert caller.effects() == [1]


FIRST_MEMBER_ALONE = pytest.mark.skipif(
    tuple(map(int, aiohttp.__version__.split(".")[:2])) < (3, 14),
    reason="it reads one gzip member",
)


@pytest.mark.parametrize(
    "name", ["bom", pytest.param("gzip-members", marks=FIRST_MEMBER_ALONE), "big-header", "many-headers"]
)
async def test_the_answer_in_another_dress(name):
    """The bytes differ, what they say does not, and what was saved is plain."""
    async with calling(Options(faults={name: 1.0}, fault_arrivals=1)) as caller:
        first = await caller.book(key="k")
        second = await caller.book(key="k")
        assert first.body.removeprefix(b"\xef\xbb\xbf") == second.body
        assert caller.effects() == [1]
        dress = {
            "bom": first.body.startswith(b"\xef\xbb\xbf"),
            "gzip-members": first.headers.get("Content-Encoding") == "gzip",
            "big-header": len(first.headers.get("X-Trace", "")) > 8192,
            "many-headers": len(first.headers) > 128,
        }
        assert [other for other, worn in dress.items() if worn] == [name]


async def test_success_as_a_text():
    """The saved answer has the boolean."""
    first, second, effects = await answered("success-text")
    assert (first.json["success"], second.json["success"], effects) == ("true", True, [1])


@pytest.mark.parametrize(
    ("expires_in", "value"), [("number", 3599), ("text", "3599"), ("null", None), ("zero", 0), ("missing", "absent")]
)
async def test_a_token_says_how_long_it_lives(expires_in, value):
    """In the ways that were met."""
    async with calling(Options(expires_in=expires_in)) as caller:
        token = await caller.sign_in()
        assert token.json.get("expires_in", "absent") == value
        assert (await caller.book()).status == 200


async def test_a_maintenance_window_answers_200_with_a_page():
    """It is no answer of the API; afterwards the API is back."""
    async with calling() as caller:
        caller.simulator.order_outage(requests=2, kind="maintenance")
        for _ in range(2):
            page = await caller.book(key="k")
            assert (page.status, page.headers["Content-Type"]) == (200, "text/html")
        assert (await caller.book(key="k")).json["success"]
        assert caller.effects() == [1]
