"""From an HTTP response to a `Reply`, or to silence where no complete response came."""

from __future__ import annotations

import asyncio
import errno
import re
import time
import zlib
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

import aiohttp

from runner.domain.model import Limits, RateLimits, Reply, Silence, whole_number
from runner.zuora.express import RawResponse

_WINDOW = re.compile(r"\b(\d{1,15})\s*;\s*w=(\d{1,9})\b")


@lru_cache(maxsize=64)
def rate_limits(header: str) -> RateLimits:
    """Parse `ratelimit-limit`, e.g. `2250000, 50000;w=60, 2250000;w=3600`: the same header gives the same value."""
    windows = {int(seconds): int(limit) for limit, seconds in _WINDOW.findall(header) if int(seconds)}
    return RateLimits(whole_number(header.partition(",")[0]), windows)


MAX_BODY_BYTES = 8 * 1024 * 1024


SNIPPET_BYTES = 2048


LEAST_TOKEN_BYTES = 8  # of a token that is worth masking


_SSL = re.compile(r" ssl:(<[^>]*>|\S+)")  # how aiohttp was set, which it says of plain http too


_USER = re.compile(r"//[^/\s'\"]+@")  # in a proxy's URL, with its password


_QUOTED = re.compile(r"\n|\\n")  # in what aiohttp could not parse: from here on it quotes it, were it a token


_TRACK = re.compile(r"[0-9a-f]{40}-[0-9]+")  # as `track_id` makes them


NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE)


class OversizedError(Exception):
    """A body larger than any that the API documents."""


def echoes_another(echoed: str | None, sent: str | None) -> bool:
    """Whether an answer echoes the track id of another request. A saved answer echoes that of an earlier attempt."""
    if echoed is None or sent is None or echoed == sent:
        return False
    return _TRACK.fullmatch(echoed) is not None and echoed.partition("-")[0] != sent.partition("-")[0]


async def read_body(response: RawResponse, most: int) -> bytes:
    """The body, decompressed. Raises OversizedError rather than hold more than `most` bytes, and
    ClientPayloadError for a body that breaks off, inside the compression too."""
    content, chunks, size = response.content, [], 0
    while True:
        chunk = await content.readany()
        size += len(chunk)
        if size > most:
            raise OversizedError(chunk[:SNIPPET_BYTES])
        chunks.append(chunk)
        if content.at_eof():
            break
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    encoding = response.headers.get("Content-Encoding", "identity")
    return body if encoding == "identity" else _unpacked(body, encoding, most)


NOT_COMPRESSED = frozenset({"", "identity", "none", "utf-8", "utf8", "binary", "8bit"})  # seen in the wild


def _unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """The body without its gzip: aiohttp's own decompression takes a stream that breaks off for a whole one.

    A gzip body may have several members (RFC 1952): their contents follow each other.
    """
    name = encoding.strip().lower()
    if not body or name in NOT_COMPRESSED:
        return body
    if name not in ("gzip", "x-gzip"):
        raise aiohttp.ClientPayloadError(f"a body compressed with {encoding}, which was not requested")
    parts: list[bytes] = []
    size = 0
    while body:
        unpacking = zlib.decompressobj(wbits=31)
        try:
            part = unpacking.decompress(body, most + 1 - size)
        except zlib.error as error:
            reason = "something follows the compressed data" if parts else str(error)
            raise aiohttp.ClientPayloadError(f"gzip: {reason}") from error
        size += len(part)
        if size > most:
            raise OversizedError(part[:SNIPPET_BYTES])
        if not unpacking.eof:
            raise aiohttp.ClientPayloadError("gzip: the body breaks off")
        parts.append(part)
        body = unpacking.unused_data
    return b"".join(parts)


def without_token(authorization: str, body: bytes) -> bytes:
    """The body without our token: a proxy's page of errors may show what it was sent, and answers are kept.

    A token of a few letters, as no tenant but a toy hands out, is part of many a word and stays.
    """
    token = authorization.removeprefix("Bearer ").encode()
    return body.replace(token, b"***") if len(token) >= LEAST_TOKEN_BYTES and token in body else body


def _plain(text: str | None) -> str | None:
    """A header as text that can be kept: what is no UTF-8 in it is replaced."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def reply_of(response: RawResponse, body: bytes, token: int) -> Reply:
    headers = response.headers
    return Reply(
        status=response.status,
        body=body,
        request_id=_plain(headers.get("Zuora-Request-Id")),
        retry_after_seconds=wait_seconds(response.status, headers),
        limits=_limits(headers),
        token=token,
    )


def _limits(headers: Mapping[str, str]) -> Limits | None:
    concurrency, rate = headers.get("Concurrency-Limit-Limit"), _plain(headers.get("ratelimit-limit"))
    if concurrency is None and rate is None:
        return None
    return Limits(
        whole_number(concurrency),
        whole_number(headers.get("Concurrency-Limit-Remaining")),
        None if rate is None else rate_limits(rate),
        whole_number(headers.get("ratelimit-remaining")),
        retry_after(headers.get("ratelimit-reset"), headers.get("Date")),
    )


def wait_seconds(status: int, headers: Mapping[str, str]) -> float | None:
    """How long the server asks to wait: `Retry-After`, else on a 429 `ratelimit-reset` ("Rate limits" shows such a 429
    without Retry-After)."""
    wait = retry_after(headers.get("Retry-After"), headers.get("Date"))
    return retry_after(headers.get("ratelimit-reset"), headers.get("Date")) if wait is None and status == 429 else wait


EPOCH_SECONDS = 1_000_000_000  # a wait of 30 years is none: such a number is a moment, in seconds since 1970
EPOCH_MILLISECONDS = EPOCH_SECONDS * 1000
LONGEST_WAIT_SECONDS = 86_400.0


def retry_after(text: str | None, date: str | None = None) -> float | None:
    """Seconds to wait: `text` is a number of seconds, a moment since 1970 or an HTTP date; None if it is none of them.

    A moment counts from the response's own `date`, where it has one: the server's clock and ours may differ.
    """
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        moment = _http_date(text)
        return None if moment is None else _bounded(moment - _server_time(date))
    if seconds != seconds:  # NaN
        return None
    if EPOCH_SECONDS <= seconds < 10_000 * EPOCH_SECONDS:
        moment = seconds / 1000 if seconds >= EPOCH_MILLISECONDS else seconds
        return _bounded(moment - _server_time(date))
    return _bounded(seconds)


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)


def _server_time(date: str | None) -> float:
    moment = _http_date(date) if date is not None else None
    return time.time() if moment is None else moment


def _http_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    try:
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def silence_of(error: Exception, status: int | None) -> Silence:
    """What a failure of the network means; whether anything was sent decides if the work may be done."""
    detail = _USER.sub("//***@", _QUOTED.split(str(error))[0]) or type(error).__name__
    if isinstance(error, OversizedError):
        return Silence("oversized", f"a body of more than {MAX_BODY_BYTES} bytes", status=status, snippet=error.args[0])
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Silence("certificate", f"the server's certificate was not accepted: {detail}", sent=False)
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)):
        return Silence("connect", _SSL.sub("", detail, count=1), sent=False)
    if isinstance(error, (aiohttp.http.HttpProcessingError, aiohttp.ClientResponseError)):
        reason = _QUOTED.split(error.message.strip())[0].rstrip(" :.") or "it is malformed"
        return Silence("unreadable", f"the head of the response is not HTTP: {reason}", status=status)
    if isinstance(error, OSError) and error.errno in NO_DESCRIPTOR:
        return Silence("connect", f"this machine has no file descriptor left: {detail}", sent=False)
    if isinstance(error, asyncio.TimeoutError):
        return Silence("time-out", detail, status=status)
    if isinstance(error, aiohttp.ClientPayloadError) or status is not None:
        return Silence("broken-body", detail, status=status)
    return Silence("reset", detail, status=status)
