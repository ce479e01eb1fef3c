"""Servers and proxies that lie: one row's answer is never told of another, and nothing that comes breaks a run."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from runner.domain.model import Answer, Reply, Request, Silence
from runner.zuora.auth import TokenAnswer
from runner.zuora.client import Client, connected
from tests.harness.program import folders, table
from tests.runner.zuora.conftest import way
from tests.runner.zuora.test_client import REQUEST, TOKEN, answered, http, wire

__all__ = ["way"]
pytestmark = pytest.mark.usefixtures("way")  # each test goes both ways
OTHER = replace(REQUEST, number=8, digest="cd" * 20)
Talk = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def done(name: str, **headers: str) -> bytes:
    """A success whose only id is `name`, on a connection that stays open."""
    return http(b'{"success": true, "idList": ["%s"]}' % name.encode(), Connection="keep-alive", **headers)


def who(head: bytes) -> str:
    """Which request it is, by its track id."""
    return "a" if REQUEST.digest.encode() in head else "b"


@contextlib.asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[str]:
    """A server that keeps its connections, hands out a token, and answers all else as `talk` does."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
                await reader.readexactly(int(headers[b"Content-Length"]))
                if b"/oauth/token" in head:
                    writer.write(http(TOKEN, Connection="keep-alive"))
                else:
                    await talk(head, writer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def answers_in_turn(talk: Talk, *requests: Request, left: list[Callable[[], None]] | None = None) -> list[Answer]:
    """The answers to requests that follow each other on what connection there is; what is left over comes between."""
    async with talking(talk) as url, connected(wire(url)) as client:
        answers: list[Answer] = []
        for request in requests:
            answers.append(await client.send(request, 0, 1))
            for send in left or ():
                send()
            await asyncio.sleep(0.01)  # whatever was sent has come
            if left:
                left.clear()
        return answers


def ids(answers: list[Answer]) -> list[bytes | str]:
    return [one.body.split(b'"')[-2] if isinstance(one, Reply) else one.kind for one in answers]


async def test_an_answer_that_comes_twice_is_nobody_elses():
    """What comes on a connection that waits in the pool is not the answer to what is sent on it next."""

    left: list[Callable[[], None]] = []

    async def twice(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(done(who(head)))
        left.append(lambda: writer.write(done(who(head))))

    assert ids(await answers_in_turn(twice, REQUEST, OTHER, REQUEST, OTHER, left=left)) == [b"a", b"b", b"a", b"b"]


async def test_an_idle_connection_that_must_close():
    """A 408 that nobody asked for, as balancers send it before they hang up."""

    left: list[Callable[[], None]] = []

    async def impatient(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(done(who(head)))
        left.append(lambda: writer.write(http(b"", "408 Request Timeout")))

    assert ids(await answers_in_turn(impatient, REQUEST, OTHER, left=left)) == [b"a", b"b"]


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "104 Upload Resumption Supported", "199 Why"])
async def test_what_comes_before_the_answer_is_not_the_answer(status):
    """Any 1xx; the answer that follows is this request's, and not the next one's."""

    async def slowly(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode())
        asyncio.get_running_loop().call_later(0.005, writer.write, done(who(head)))

    assert ids(await answers_in_turn(slowly, REQUEST, OTHER)) == [b"a", b"b"]


async def test_an_answer_that_bears_the_track_id_of_another_row():
    """Whoever mixes two answers up: it is silence, and the connection is not used again."""
    others = f"{OTHER.digest}-1"

    async def mixed_up(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(done("b", Zuora_Track_Id=others))

    assert ids(await answers_in_turn(mixed_up, REQUEST, OTHER)) == ["foreign", b"b"]


@pytest.mark.parametrize("cut", [0, 70])
@pytest.mark.parametrize("how", ["time-out", "cancelled"])
async def test_an_answer_that_comes_too_late_is_nobody_elses(cut, how):
    """Given up before its head, in it, or in its body: what is left of it goes down with its connection."""

    left: list[Callable[[], None]] = []

    async def late(head: bytes, writer: asyncio.StreamWriter) -> None:
        whole = done(who(head))
        if who(head) == "a":
            writer.write(whole[:cut])
            left.append(lambda: writer.write(whole[cut:]))
        else:
            left.pop()()
            await asyncio.sleep(0.005)
            writer.write(whole)

    seconds = 0.25 if how == "time-out" else 120
    async with talking(late) as url, connected(wire(url, request_seconds=seconds)) as client:
        await client.auth.token()
        if how == "time-out":
            first = await client.send(REQUEST, 0, 1)
            assert isinstance(first, Silence)
            assert (first.kind, first.sent) == ("time-out", True)
        else:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(client.send(REQUEST, 0, 1), 0.05)
        assert ids([await client.send(OTHER, 0, 1)]) == [b"b"]


async def test_a_connection_that_was_to_be_closed_is_not_used_again():
    """Whether or not the server closes it."""
    connections = set()

    async def closing(head: bytes, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        writer.write(done(who(head)).replace(b"keep-alive", b"close"))

    assert ids(await answers_in_turn(closing, REQUEST, OTHER, REQUEST)) == [b"a", b"b", b"a"]
    assert len(connections) == 3


async def test_an_answer_in_packed_pieces():
    """Chunked and compressed at once, byte by byte: read whole, and the connection is good for the next."""

    async def trickle(head: bytes, writer: asyncio.StreamWriter) -> None:
        packed = gzip.compress(b'{"success": true, "idList": ["%s"]}' % who(head).encode())
        chunks = b"".join(b"1\r\n%s\r\n" % packed[at : at + 1] for at in range(len(packed)))
        raw = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
        for at in range(0, len(raw), 40):
            writer.write(raw[at : at + 40])
            await asyncio.sleep(0)

    assert ids(await answers_in_turn(trickle, REQUEST, OTHER)) == [b"a", b"b"]


@pytest.mark.parametrize("track", [f"{REQUEST.digest}-1", f"{REQUEST.digest}-7", "their-own", ""])
async def test_a_saved_answer_bears_the_track_id_of_an_earlier_attempt(track):
    """It is this row's answer all the same; what is no track id of ours says nothing."""
    answer = await answered(http(b'{"success": true, "idList": []}', Zuora_Track_Id=track))
    assert isinstance(answer, Reply)


@pytest.mark.parametrize("status", ["401 Unauthorized", "429 Too Many Requests", "503 Service Unavailable"])
async def test_a_body_of_nothing_needs_no_unpacking(status):
    """A status is heard whatever encoding an empty body claims."""
    answer = await answered(http(b"", status, Content_Encoding="gzip"))
    assert isinstance(answer, Reply)
    assert (answer.status, answer.body) == (int(status[:3]), b"")


async def test_what_follows_a_packed_answer_is_not_left_out():
    """Two streams in one body are not read as the first alone."""
    packed = gzip.compress(b'{"success": true, "idList": []}')
    answer = await answered(http(packed + gzip.compress(b"more"), Content_Encoding="gzip"))
    assert isinstance(answer, Reply)
    assert answer.body == b'{"success": true, "idList": []}more'
    answer = await answered(http(packed + b"more", Content_Encoding="gzip"))
    assert isinstance(answer, Silence)
    assert answer.kind == "broken-body"


async def test_numbers_in_headers_that_are_none():
    """They say nothing, and do no harm."""
    answer = await answered(
        http(
            b"{}",
            Concurrency_Limit_Limit="9" * 5000,
            Concurrency_Limit_Remaining="1" + "0" * 400,
            ratelimit_limit="5, 100;w=0, " + "7" * 400 + ";w=60, 9;w=3600",
            Retry_After="Thu, 01 Jan 99999999999999999999 00:00:00 GMT",
        )
    )
    assert isinstance(answer, Reply)
    assert answer.limits is not None
    assert (answer.limits.concurrency, answer.limits.concurrency_remaining) == (None, None)
    assert answer.retry_after_seconds is None
    assert answer.limits.rate is not None and answer.limits.rate.windows == {3600: 9}


@contextlib.asynccontextmanager
async def refusing(status: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A client behind a proxy that opens no tunnel."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http(b"", status))
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    monkeypatch.setenv("https_proxy", f"http://me:hidden@127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server, connected(wire("https://rest.test.invalid")) as client:
        yield client


@pytest.mark.parametrize(("status", "kind"), [("407 Who are you", "credentials"), ("502 Bad Gateway", "token")])
async def test_a_proxy_that_opens_no_tunnel_for_a_token(monkeypatch, status, kind):
    """Waiting fixes no 407, and the run stops at once."""
    async with refusing(status, monkeypatch) as client:
        answer = await client.send(REQUEST, 0, 1)
    assert isinstance(answer, Silence)
    assert (answer.kind, answer.sent) == (kind, False)
    assert "hidden" not in answer.detail


async def test_a_proxy_that_opens_no_tunnel_any_more(monkeypatch):
    """Not a byte of the request has reached the tenant."""
    async with refusing("502 Bad Gateway", monkeypatch) as client:
        client.auth._fetch = granting(TOKEN)
        answer = await client.send(REQUEST, 0, 1)
    assert isinstance(answer, Silence)
    assert (answer.kind, answer.sent) == ("connect", False)
    assert "hidden" not in answer.detail


def granting(body: bytes) -> Callable[[], Awaitable[TokenAnswer]]:
    """A token endpoint that answers so."""

    async def grant() -> TokenAnswer:
        return TokenAnswer(200, body)

    return grant


async def test_refused_credentials_are_not_tried_by_everyone():
    """As many failed logins as there are workers would lock the client out."""
    requests = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        requests.append(1)
        writer.write(http(b'{"message": "no"}', "401 Unauthorized"))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, connected(wire(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")) as client:
        answers = await asyncio.gather(*(client.send(REQUEST, 0, 1) for _ in range(30)))
    assert {one.kind for one in answers if isinstance(one, Silence)} == {"credentials"}
    assert len(requests) == 1


async def test_a_token_that_is_no_text():
    """As any answer that is not the token endpoint's."""
    async with connected(wire("http://127.0.0.1:1")) as client:
        client.auth._fetch = granting(b'{"access_token": "\xff"}')
        answer = await client.send(REQUEST, 0, 1)
    assert isinstance(answer, Silence)
    assert answer.kind == "token"


@pytest.mark.parametrize(
    "head", ["Transfer-Encoding: chunked", "Content-Length: 2\r\nConnection: keep-alive", "Content-Length: 400"]
)
async def test_a_token_in_what_cannot_be_parsed(head):
    """The parser's complaint quotes what it could not read; a pause would tell it, and the log keep it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + head.encode() + b'\r\n\r\n{"access_token": "quite-secret"}')
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, connected(wire(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")) as client:
        answer = await client.send(REQUEST, 0, 1)
    assert isinstance(answer, Silence)
    assert answer.kind == "token"
    assert "quite-secret" not in answer.detail


def planned(folder: Path, count: int) -> None:
    """A manifest of so many subscriptions, and a profile that waits briefly and often."""
    patience = "attempts = 20\nbase_seconds = 0.01\n"
    (folder / "regen.toml").write_text(f"default_profile = 'p'\n[profile.p.patience]\n{patience}")
    rows = "".join(f"A-S{number:03d},1\n" for number in range(count))
    (folder / "m.csv").write_text(f"subscriptionName,subscriptionVersion\n{rows}")


def test_a_run_of_answers_that_come_twice(tmp_path, regen, simulator):
    """By a proxy that has lost count: each row has the ids that were made under its own key, once."""
    planned(tmp_path, 300)
    with simulator(faults={"answered-twice": 0.5}, latency=0.001, latency_jitter=0.004) as server:
        done = regen("run", "m.csv", "--base-url", server.url, "--concurrency", 4)
        assert done.code == 0, done.err
        made = server.by_key()
        assert [len(one["effects"]) for one in server.regenerations()] == [1] * 300
    results = table(folders(tmp_path / "runs")[0])
    assert {row["regen_key"]: row["regen_id_list"] for row in results} == made


def test_a_limit_that_is_saved_under_its_key(tmp_path, regen, simulator):
    """A category 70 comes back with the same key for a day; the next key is asked."""
    planned(tmp_path, 3)
    with simulator(fault_rules={"A-S001": "crowded-saved"}) as server:
        assert regen("run", "m.csv", "--base-url", server.url).code == 0
        assert [len(one["effects"]) for one in server.regenerations()] == [1] * 3
    generations = [row["regen_generation"] for row in table(folders(tmp_path / "runs")[0])]
    assert (generations[0], generations[2]) == (0, 0)
    assert generations[1] in (1, 2)
