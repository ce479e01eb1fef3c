"""Posting to a web hook: a few tries, no redirect, Retry-After, nothing that a message could inject."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate

import pytest

from runner.domain.errors import ExitCode
from runner.notify import webhook
from runner.notify.webhook import NotDelivered, payload, post, refuse_url
from tests.harness.hooks import hook
from tests.harness.imposter import imposter, made_certificate


@pytest.fixture
def waited():
    """The waits between tries, none of them really waited."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    return {"sleep": sleep, "waits": waits}


def posted(url, waited, content=None):
    post(url, content or {"text": "x"}, sleep=waited["sleep"])


def test_tries_again(waited):
    with hook(500, 503, 200) as hooked:
        posted(hooked.url, waited)
        assert (len(hooked.received), waited["waits"]) == (3, [1.0, 2.0])


@pytest.mark.parametrize(("status", "tries"), [(500, 3), (429, 3), (404, 1), (403, 1), (410, 1), (400, 1)])
def test_gives_up(waited, status, tries):
    """At once where another try would be answered alike."""
    with hook(status) as hooked:
        with pytest.raises(NotDelivered, match=f"^HTTP {status}$"):
            posted(hooked.url, waited)
        assert len(hooked.received) == tries


def test_retry_after_is_waited_for(waited):
    """Slack limits each hook, and says for how long: seconds, or a date by its own clock."""
    with hook(429, 429, 200, Retry_After="7") as hooked:
        posted(hooked.url, waited)
        assert (len(hooked.received), waited["waits"]) == (3, [7.0, 7.0])
    waited["waits"].clear()
    with hook(429, 200, Retry_After=formatdate(time.time() + 20, usegmt=True)) as hooked:
        posted(hooked.url, waited)
        assert 15 < waited["waits"][0] <= 20


def test_a_wait_that_is_too_long_is_named(waited):
    with hook(429, 200, Retry_After="300") as hooked, pytest.raises(NotDelivered, match=r"HTTP 429, .* in 300 s"):
        posted(hooked.url, waited)
    assert (len(hooked.received), waited["waits"]) == (1, [])


def test_a_redirect_is_not_followed(waited):
    with hook() as other, hook(307, Location=other.url) as hooked:
        with pytest.raises(NotDelivered, match="HTTP 307"):
            posted(hooked.url, waited)
        assert other.received == []


def test_one_that_hangs_delays_nothing(monkeypatch):
    async def hanging(*_):
        await asyncio.Event().wait()

    monkeypatch.setattr(webhook, "MOST_SECONDS", 0.01)
    monkeypatch.setattr(webhook, "_attempt", hanging)
    with pytest.raises(NotDelivered, match="no answer in time"):
        post("http://127.0.0.1:1/", {})


async def test_it_works_while_a_loop_runs(waited):
    """In a notebook's cell and in an Airflow task."""
    with hook() as hooked:
        posted(hooked.url, waited)
        assert len(hooked.received) == 1


def test_certificates_are_checked_and_the_url_is_not_shown(tmp_path, waited, monkeypatch):
    both = made_certificate(tmp_path)
    with imposter(certificate=both) as server:
        with pytest.raises(NotDelivered) as failed:
            posted(f"{server.url}/very-secret", waited)
        assert server.seen == [] and "very-secret" not in str(failed.value)
        monkeypatch.setenv("SSL_CERT_FILE", str(both))
        posted(f"{server.url}/very-secret", waited)
        assert len(server.seen) == 1


@pytest.mark.parametrize(
    "url",
    [
        *("", "hooks.slack.com/x", "ftp://hooks.example.com/x", "https://", "https:///x", "http://hooks.example.com/x"),
        *("https://[::1", "https://x:99999/", "//hooks.example.com"),
    ],
)
def test_a_url_that_cannot_be_a_hook(url):
    with pytest.raises(NotDelivered, match="its URL"):
        refuse_url(url)


def test_the_text_has_no_markup_and_no_escapes():
    content = payload("n", 4, "<!channel> \x1b[31m & more", None)
    assert "<" not in content["text"] and "\x1b" not in content["text"]
    assert "&lt;!channel&gt;" in content["text"]


@pytest.mark.parametrize(("code", "words"), [(ExitCode.REFUSED, "refused"), (ExitCode.TERMINATED, "ended without")])
def test_a_night_without_a_run(code, words):
    assert f"regen n: {words}" in payload("n", int(code), "", None)["text"]
