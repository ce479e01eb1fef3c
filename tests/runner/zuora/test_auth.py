"""Access tokens."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

import pytest

from runner.domain.model import Silence
from runner.zuora.client import connected
from tests.runner.zuora.test_client import CREDENTIALS, REQUEST, TOKEN, http, wire

pytestmark = pytest.mark.usefixtures("way")


class TestTokens:
    """One token for all; wrong credentials are told from an endpoint that is out of order."""

    @contextlib.asynccontextmanager
    async def client(self, *answers: bytes):
        self.requests = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answers[min(self.requests, len(answers) - 1)])
            self.requests += 1
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with connected(wire(url)) as client:
                yield client

    async def test_a_storm_of_401s_makes_one_token_request(self):
        async with self.client(http(TOKEN)) as client:
            first = await asyncio.gather(*(client.auth.token() for _ in range(100)))
            assert {token.serial for token in first} == {1}
            for token in first:
                client.auth.reject(token.serial)
            second = await asyncio.gather(*(client.auth.token() for _ in range(100)))
            client.auth.reject(1)  # a straggler
            assert {token.serial for token in second} == {2}
            assert (await client.auth.token()).serial == 2
        assert self.requests == 2

    @pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "403 Forbidden"])
    async def test_wrong_credentials(self, status):
        async with self.client(http(b'{"message": "no"}', status)) as client:
            answer = await client.send(REQUEST, 0, 1)
        assert isinstance(answer, Silence)
        assert (answer.kind, answer.sent) == ("credentials", False)
        assert "the-secret" not in answer.detail

    @pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "405 No", "407 Proxy Authentication Required"])
    async def test_what_is_no_token_endpoint(self, status):
        """A wrong base URL, a proxy that lets nobody through: waiting helps neither, so the run stops at once."""
        async with self.client(http(b"<html>", status, Location="http://127.0.0.1:1/")) as client:
            answer = await client.send(REQUEST, 0, 1)
        assert isinstance(answer, Silence)
        assert (answer.kind, answer.sent) == ("credentials", False)
        assert "check the base URL" in answer.detail

    @pytest.mark.parametrize(
        "raw",
        [
            http(b"", "429 Too Many Requests", Retry_After="7"),
            http(b"<html>", "403 Forbidden"),
            http(b"", "503 Service Unavailable"),
            http(b"<html>welcome"),
            http(b'{"token": 1}'),
            http(b'{"access_token": ""}'),
            http(b'{"access_token": "T1\\r\\nZuora-Entity-Ids: other"}'),
            b"",
        ],
    )
    async def test_an_endpoint_out_of_order(self, raw):
        async with self.client(raw, http(TOKEN)) as client:
            answers = [await client.send(REQUEST, 0, 1) for _ in range(5)]
        assert self.requests == 1, "while it is out of order it is left alone"
        for answer in answers:
            assert isinstance(answer, Silence)
            assert (answer.kind, answer.sent) == ("token", False)
        assert answers[0].retry_after_seconds == (7.0 if b"429" in raw else 1.0)

    async def test_a_token_is_renewed_before_it_expires(self):
        async with self.client(http(TOKEN), http(TOKEN)) as client:
            first = await client.auth.token()
            assert (await client.auth.token()).serial == first.serial == 1
            client.auth._token = replace(first, renew_at=asyncio.get_running_loop().time() - 1)
            assert (await client.auth.token()).serial == 2
            assert (await client.auth.token()).serial == 2

    @pytest.mark.parametrize("life", [b"0", b"null", b'"3599"', b'"soon"', b"-5", b"true", b"[]", b"0.5"])
    async def test_a_life_that_is_none_is_the_usual_one(self, life):
        """As text it counts; nothing makes every row fetch a token of its own."""
        async with self.client(http(TOKEN.replace(b"3599", life))) as client:
            for _ in range(3):
                assert (await client.auth.token()).serial == 1

    async def test_a_token_behind_a_byte_order_mark(self):
        """It is read."""
        async with self.client(http(b"\xef\xbb\xbf" + TOKEN)) as client:
            assert (await client.auth.token()).serial == 1

    def test_secrets_mask_themselves(self):
        assert "the-secret" not in repr(CREDENTIALS)
        assert "the-secret" not in repr(wire("http://127.0.0.1:1"))
