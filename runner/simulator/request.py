"""A request as the simulator sees it, and what makes two requests the same."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b, md5
from typing import Any

import msgspec
from aiohttp import BodyPartReader, MultipartReader, StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpProcessingError

from runner.simulator.faults import Fault

MALFORMED = object()  # the body is no JSON, or no whole form


class MalformedForm(Exception):
    """A multipart body that cannot be read."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a multipart body."""

    name: str
    content: bytes

    @property
    def md5(self) -> str:
        """The checksum of the operation "Create a data backfill job": 32 hex characters."""
        return md5(self.content, usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class Request:
    """One arrival of a request. `digest` identifies the content: method, path, query and body, and nothing else."""

    method: str
    path: str
    query: dict[str, str]
    json: Any  # the decoded body, None without one, MALFORMED
    form: dict[str, str | Upload]
    digest: str
    request_id: str
    key: str | None
    track: str | None
    entities: str
    orgs: str
    accepts_gzip: bool
    authorization: str
    text: str  # body and query, for fault rules
    tenant: str = ""
    arrival: int = 0
    fault: Fault | None = None
    host: str = ""  # as the client calls this server
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown_body(self) -> Any:
        """The body as a value that JSON can show."""
        if self.form:
            return {name: _shown(value) for name, value in self.form.items()}
        return "(malformed)" if self.json is MALFORMED else self.json


def _shown(value: str | Upload) -> Any:
    return {"name": value.name, "md5": value.md5} if isinstance(value, Upload) else value


async def read_request(request: web.Request, raw: bytes, request_id: str) -> Request:
    """The request with its body decompressed and decoded."""
    headers = request.headers
    body = inflated(raw) if headers.get("Content-Encoding", "").strip().lower() == "gzip" else raw
    form: dict[str, str | Upload] = {}
    value: Any = None
    if body:
        content_type = headers.get("Content-Type", "")
        if content_type.startswith("multipart/form-data"):
            try:
                form = await multipart(content_type, body)
            except MalformedForm:
                value = MALFORMED
        else:
            value = decoded(body)
    query = dict(request.query) if request.query_string else {}
    call = Request(
        method=request.method,
        path=request.path,
        query=query,
        json=value,
        form=form,
        digest="",
        request_id=request_id,
        key=_text(headers.get("Idempotency-Key")),
        track=_text(headers.get("Zuora-Track-Id")),
        entities=_text(headers.get("Zuora-Entity-Ids")) or "",
        orgs=_text(headers.get("Zuora-Org-Ids")) or "",
        accepts_gzip="gzip" in headers.get("Accept-Encoding", ""),
        authorization=headers.get("Authorization", ""),
        text=request.query_string + "\n" + ("" if form else body.decode("utf-8", "replace")),
        host=headers.get("Host", ""),
        content_type=headers.get("Content-Type", ""),
        headers=headers,
    )
    call.digest = digest_of(call, body)
    return call


def _text(header: str | None) -> str | None:
    """A header that can be written down again; aiohttp leaves bytes that are no UTF-8 as lone surrogates."""
    if header is None or header.isascii():
        return header
    return header.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def digest_of(request: Request, body: bytes) -> str:
    """32 hex characters that identify the content; the order of JSON keys and multipart boundaries do not matter."""
    canonical = body if request.json is MALFORMED else msgspec.json.encode(request.shown_body, order="sorted")
    query = msgspec.json.encode(request.query, order="sorted")
    path = request.path.encode("utf-8", "surrogatepass")
    return blake2b(b"\0".join((request.method.encode(), path, query, canonical)), digest_size=16).hexdigest()


def inflated(raw: bytes) -> bytes:
    """The body without its gzip (guide "Compress requests and responses"); b"\\0" if that is broken.

    A body that is plain already was decompressed by the server that runs the application.
    """
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error):
        return b"\0"


def decoded(body: bytes) -> Any:
    """The value of a JSON body, or MALFORMED."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return MALFORMED


async def multipart(content_type: str, body: bytes) -> dict[str, str | Upload]:
    """The fields of a multipart/form-data body, as aiohttp reads it.

    Raises MalformedForm for a body that has no such form, or breaks off before its closing boundary.
    """
    stream = StreamReader(BaseProtocol(asyncio.get_running_loop()), limit=len(body) + 1)  # never asks to wait
    stream.feed_data(body)
    stream.feed_eof()
    fields: dict[str, str | Upload] = {}
    try:
        async for part in MultipartReader({"Content-Type": content_type}, stream):
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise MalformedForm("a part without a name")
            content = bytes(await part.read())
            fields[part.name] = (
                content.decode("utf-8", "replace") if part.filename is None else Upload(part.filename, content)
            )
    except (ValueError, AssertionError, HttpProcessingError) as error:
        raise MalformedForm(str(error)) from error
    return fields
