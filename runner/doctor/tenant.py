"""What the tenant says: the token, the entity and org ids, the permission, the limits, the data queries.

The question is "List data backfill jobs": it changes nothing, and needs the permission for Zuora Revenue that the
regenerate operations need as well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from html.parser import HTMLParser

from runner.config.connection import wire_of
from runner.config.settings import Settings
from runner.dispatch.quota import NAMES
from runner.doctor.data_query import data_query_findings
from runner.doctor.finding import Finding, Level, fail, ok, warn
from runner.doctor.revenue import revenue_findings
from runner.domain.errors import Refused
from runner.domain.model import Limits, Reply, Silence
from runner.zuora.categories import CREDENTIALS, PERMISSION, PERMISSION_NAME
from runner.zuora.client import connected
from runner.zuora.connection import Wire
from runner.zuora.envelope import Envelope, envelope
from runner.zuora.jobs.listing import LIST_PATH
from runner.zuora.tenants import limits_in_words

QUESTION = f"{LIST_PATH}?pageSize=1"
NOT_THE_API = "check the base URL: it is https://rest.….zuora.com without a path, and no proxy's page may answer"


async def tenant(settings: Settings) -> AsyncIterator[Finding]:
    """The findings about the tenant, as far as one can ask."""
    try:
        wire = wire_of(settings)
    except Refused as error:
        yield fail("token", str(error), "see `regen config`; credentials are never given on the command line")
        return
    async with connected(wire) as client:
        answer = await client.ask("GET", QUESTION)
        token = _token(answer)
        yield token
        if token.level is Level.FAIL:
            return
        for finding in await _permission(answer, wire):
            yield finding
        for finding in _limits(answer, settings):
            yield finding
        async for finding in data_query_findings(client, read_only=wire.read_only):
            yield finding
    if settings.revenue_base_url is not None:
        async for finding in revenue_findings(settings):
            yield finding


def _token(answer: Reply | Silence) -> Finding:
    if isinstance(answer, Reply):
        if answer.status != 401:
            return ok("token", "the token endpoint issues one")
        message = "a fresh token is refused (401)"
        return fail("token", message, "make sure that the OAuth client's user is active and may use the REST API")
    if answer.kind == "credentials":
        return fail("token", answer.detail, "create an OAuth client in Zuora (Administration, Manage Users) or fix it")
    if answer.kind == "token":
        return fail("token", answer.detail, NOT_THE_API)
    return fail("token", f"{answer.kind}: {answer.detail}", "check the network; `curl -v` with the same URL shows more")


async def _permission(answer: Reply | Silence, wire: Wire) -> list[Finding]:
    """Whether the question was answered; if not, whether that is because of the ids."""
    ids = _ids(wire)
    finding = _answered(answer)
    if finding.level is Level.OK or not ids:
        return [finding, *([ok("ids", ids)] if ids and finding.level is Level.OK else [])]
    async with connected(replace(wire, entity_ids=(), org_ids=())) as client:
        without = _answered(await client.ask("GET", QUESTION))
    if without.level is Level.OK:
        message = f"with {ids} the tenant says: {finding.message}; without them it answers"
        return [fail("ids", message, "fix entity_ids or org_ids in the profile; the user must belong to them")]
    return [finding]


def _ids(wire: Wire) -> str:
    headers = [f"entity ids {', '.join(wire.entity_ids)}"] if wire.entity_ids else []
    return " and ".join(headers + ([f"org ids {', '.join(wire.org_ids)}"] if wire.org_ids else []))


def _answered(answer: Reply | Silence) -> Finding:
    name = "permission"
    if isinstance(answer, Silence):
        return fail(name, f"{answer.kind}: {answer.detail}", "try again; then check network and time-outs")
    reply_envelope = envelope(answer.body)
    if reply_envelope is None:
        message = f"HTTP {answer.status}, {_shape(answer.body)}"
        if answer.status == 429 or answer.status >= 500:
            return warn(name, message, "the tenant is busy or away just now: try again later")
        return fail(name, message, NOT_THE_API)
    if reply_envelope.success:
        return ok(name, "the tenant answers requests about Zuora Revenue")
    return _denied(name, answer, reply_envelope)


def _denied(name: str, answer: Reply, reply_envelope: Envelope) -> Finding:
    message = f"HTTP {answer.status}: {reply_envelope.message or 'no reason given'}"
    if CREDENTIALS in reply_envelope.categories:
        return fail(name, message, "make sure that the OAuth client's user is active and may use the REST API")
    if PERMISSION in reply_envelope.categories or answer.status == 403:
        remedy = (
            f"have an administrator give the user the permission {PERMISSION_NAME} (documented for the user "
            "interface; what the API asks for is not): --canary 1 shows if it suffices"
        )
        return fail(name, message, remedy)
    return warn(name, message, "the tenant answers, but not this question; --canary 1 shows if regenerating works")


def _shape(body: bytes) -> str:
    """What a body without an envelope is: of a page its title."""
    if b"<" not in body[:256]:
        return "no answer of the API"
    title = _Title()
    title.feed(body[:4096].decode("utf-8", "replace"))
    return f"a web page ({' '.join(title.text.split())[:80]})" if title.text.strip() else "a web page"


class _Title(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text, self._inside = "", False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._inside = tag == "title"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.text += data


def _limits(answer: Reply | Silence, settings: Settings) -> list[Finding]:
    """What the headers say of the limits, against what the settings hold for true."""
    limits = answer.limits if isinstance(answer, Reply) else None
    if limits is None:
        message = f"the tenant states no limits; of its kind there are {limits_in_words(settings.tenant)}"
        return [ok("limits", message)]
    return [_concurrency(limits, settings), _windows(limits, settings)]


def _concurrency(limits: Limits, settings: Settings) -> Finding:
    most = limits.concurrency
    if most is None:
        return ok("concurrency", f"the tenant states no limit; {settings.concurrency} at once")
    message = f"{settings.concurrency} at once of {most}, {limits.concurrency_remaining or 0} free now"
    if settings.concurrency > most:
        return warn("concurrency", message, f"set --concurrency to less than {most}: others use this tenant, too")
    return ok("concurrency", message)


def _windows(limits: Limits, settings: Settings) -> Finding:
    windows = limits.rate.windows if limits.rate else {}
    if not windows:
        return ok(
            "limits", f"the tenant states no rate limit; of its kind there are {limits_in_words(settings.tenant)}"
        )
    shown = ", ".join(f"{limit:,} a {NAMES.get(seconds, f'{seconds} s')}" for seconds, limit in sorted(windows.items()))
    ours = settings.quota
    expected = {} if ours is None else {60: ours.minute, 3600: ours.hour, 86_400: ours.day}
    less = [seconds for seconds, limit in windows.items() if limit < expected.get(seconds, 0)]
    if less:
        remedy = f"the tenant's own numbers count; --tenant {settings.tenant} assumes more than it has"
        return warn("limits", shown, remedy)
    return ok("limits", shown)
