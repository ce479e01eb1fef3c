"""Requests to outsiders: no redirect, no proxy for this machine, a limit of time, in a thread of their own."""

from __future__ import annotations

import asyncio
import socket

import pytest

from runner.notify.http_client import in_thread, problem_of, request
from tests.harness.imposter import Response, imposter


def answered(url: str, **options: object):
    return in_thread(request("POST", url, b"x", {"X-Odd": "1"}, seconds=5.0), 5.0)


def test_a_response_is_data(monkeypatch):
    """Whatever its status; a redirect is not followed, and the environment's proxy is not for this machine."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with imposter(lambda call: Response(302, "elsewhere", {"Location": "http://127.0.0.1:1/"})) as server:
        response = answered(server.url)
    assert (response.status, response.body, response.headers["Location"]) == (302, b"elsewhere", "http://127.0.0.1:1/")
    assert [(call.headers["X-Odd"], call.body) for call in server.seen] == [("1", b"x")]


def test_silence_ends_in_time():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/very-secret"
        with pytest.raises(TimeoutError) as silent:
            in_thread(request("GET", url, seconds=0.1), 5.0)
    assert "very-secret" not in problem_of(silent.value)


def test_a_closed_port_is_named_without_the_url():
    with pytest.raises(OSError, match="Connect") as refused:
        answered("http://127.0.0.1:1/very-secret")
    assert problem_of(refused.value).startswith("Connect call failed")


async def test_within_a_running_loop():
    """As in a notebook's cell."""

    async def value() -> int:
        await asyncio.sleep(0)
        return 7

    assert in_thread(value(), 5.0) == 7


def test_what_never_ends_is_left():
    with pytest.raises(TimeoutError):
        in_thread(asyncio.sleep(3600), 0.05)
