"""Requests to web hooks and gateways, over the same HTTP stack, proxies and certificate authorities as a run's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp

from runner import __version__
from runner.zuora.connection import environment_proxy, trusted

T = TypeVar("T")
MOST_BYTES = 16 * 1024 * 1024
HEADERS = {"User-Agent": f"regeneration-runner/{__version__}"}


@dataclass(frozen=True)
class Response:
    """What a server answered; redirects are not followed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def request(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, *, seconds: float
) -> Response:
    """Send a request and read the response. Raises aiohttp.ClientError, TimeoutError, OSError, ValueError, Refused."""
    connector = aiohttp.TCPConnector(ssl=trusted() if url.startswith("https:") else True, force_close=True)
    async with (
        aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={**HEADERS, **(headers or {})},
        ) as session,
        session.request(method, url, data=body, proxy=environment_proxy(url), allow_redirects=False) as response,
    ):
        return Response(response.status, response.headers, await response.content.read(MOST_BYTES))


def problem_of(error: BaseException) -> str:
    """What went wrong, without the URL: that of a web hook is a secret."""
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.strerror:
        return error.os_error.strerror
    return type(error).__name__


def in_thread(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """Await something in a thread of its own: the caller may be within a running event loop.

    Raises what it raises, and TimeoutError once the time is over, whatever it waits for.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(asyncio.wait_for(work, seconds)))
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, name="notify", daemon=True)
    thread.start()
    thread.join(seconds + 1)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError
    return results[0]
