"""A small Zuora, in one picture:

request ─ outage? ─ token? ─ quota? ─ room? ─ arrival counted ─ fault drawn ─┬─ key known? ─ work ─ saved ─┐
                                                                             └─ gateway's answer           │
answer ◀─ wire ◀─ harm ◀───────────────────────────────────────────────────────────────────────────────────┘
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from runner.simulator.admin_api import Control
from runner.simulator.business_faults import Hindrance
from runner.simulator.clock import Clock, SystemClock
from runner.simulator.context import World
from runner.simulator.data_query import FILES as DATA_FILES
from runner.simulator.delivery import deliver, read_modestly
from runner.simulator.effects import Effects
from runner.simulator.faults import FAULTS, Fault, Harm, Work, pick
from runner.simulator.idempotency import Keys
from runner.simulator.operations import routes_of
from runner.simulator.options import OUTAGE_KINDS, Options
from runner.simulator.outage import Outage
from runner.simulator.rate_limits import Gate, Quotas
from runner.simulator.request import Request, read_request
from runner.simulator.response_faults import crowded, harmed, instead, unauthorized
from runner.simulator.responses import (
    INVALID_VALUE,
    PERMISSION,
    REQUEST,
    Answer,
    Problem,
    encode,
    failure,
    gateway_page,
    stamped,
    throttled,
)
from runner.simulator.revenue_api import REVENUE_PATHS, RevenueApi
from runner.simulator.routes import Route, Routes, is_known
from runner.simulator.seeded_random import draw
from runner.simulator.stats import Counts
from runner.simulator.store import Store
from runner.simulator.tenant.records import Records
from runner.simulator.tenant.sample import Sample
from runner.simulator.tokens import Tokens

LARGEST_BODY = 64 * 1024 * 1024
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path

Result = tuple[Answer, Harm | None]


class Simulator:
    """A server that behaves as the Zuora API is documented to, and as badly as its options say."""

    def __init__(self, options: Options | None = None, clock: Clock | None = None) -> None:
        options = options or Options()
        self.world = World(options, clock or SystemClock(), Store(options.state))
        self.counts = Counts()
        self.outage = Outage(self.world)
        self.tokens = Tokens(self.world)
        self.quotas = Quotas(self.world)
        self.gate = Gate(self.world)
        self.keys = Keys(self.world)
        self.effects = Effects(self.world)
        self.records = Records(self.world, self.effects)
        self.effects.observer = self.records.effect
        self._seed()
        self._routes = self._operations()
        self.revenue_api = RevenueApi(self.world, self.records, self.counts)
        self._control = Control(self)
        self._going_on: set[asyncio.Task[Answer]] = set()

    def application(self) -> web.Application:
        """The aiohttp application that answers for this simulator."""
        application = web.Application(client_max_size=LARGEST_BODY, middlewares=[self._before_routes])
        self._routes.enter(application.router, self._respond)
        application.on_cleanup.append(self._close)
        return application

    def change(self, faults: dict[str, float] | None = None, **options: Any) -> None:
        """Other faults or options from now on; ValueError if they cannot be."""
        changes = options if faults is None else {**options, "faults": faults}
        self.world.options = self.world.options.changed(changes)

    def order_outage(self, *, seconds: float = 0.0, requests: int = 0, kind: str | None = None) -> None:
        """Serve nobody for so many seconds or requests; without both, serve again."""
        _check_outage(kind)
        self.outage.order(seconds=float(seconds), requests=int(requests), kind=kind)

    def switch_outage(self, kind: str | None) -> None:
        """Serve nobody (503, silent) until this is called with None."""
        _check_outage(kind)
        self.outage.switch(kind)

    def reset(self) -> None:
        """Forget everything but the options and the tokens that clients hold."""
        parts = (self.counts, self.outage, self.tokens, self.quotas, self.keys, self.effects, self.records, self.world)
        for part in parts:
            part.forget()
        self.gate.peak = 0
        self.world.store.clear()
        self.tokens.keep()
        self._seed()
        self._routes = self._operations()

    def _seed(self) -> None:
        """The objects to begin with, unless a state file has some from before."""
        options = self.world.options
        if options.objects and not self.records.catalog.every("subscription"):
            Sample(self.records, options.objects, options.seed, self.world.now()).insert()

    def _operations(self) -> Routes:
        hindrance = Hindrance(self.world, self.effects)
        return routes_of(self.world, self.effects, self.records, hindrance, self.counts)

    def stats(self) -> dict[str, Any]:
        """What `GET /_sim/stats` shows."""
        doubled = len(self.effects.doubled())
        return {**self.counts.shown(), "peakConcurrency": self.gate.peak, "keys": len(self.keys), "doubled": doubled}

    @web.middleware
    async def _before_routes(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """What stands before the API answers first, whether or not there is such an operation."""
        return await self._respond(request)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/_sim/"):
            return await self._control.respond(request)
        read_modestly(request)
        ordinal = self.counts.arrive(request.method, request.path, self.world.now())
        outage = self.outage.strikes(ordinal)
        raw = await request.read()
        if outage is not None:
            page = gateway_page(200 if outage == "maintenance" else 503, self.world.options.retry_after)
            return await self._send(request, page, Harm.CLOSED if outage == "silent" else None)
        if request.path == TOKEN_PATH and request.method == "POST":
            self.counts.tokens += 1
            return await self._send(request, self.tokens.issue(raw, request.remote or ""))
        call = await read_request(request, raw, self.world.request_id())
        route = self._routes.matched(request)
        if call.path.startswith(REVENUE_PATHS):
            return await self._send(request, self.revenue_api.respond(call))
        if route is not None and call.path.startswith(DATA_FILES):
            return await self._send(request, route(call))  # as on S3: no token
        return await self._admit(request, call, route)

    async def _admit(self, request: web.Request, call: Request, route: Route | None) -> web.StreamResponse:
        """Token, quota and room: what stands before the API."""
        tenant = self.tokens.tenant(call.authorization)
        if tenant is None:
            return await self._send(request, unauthorized(call, self.world.options))
        call.tenant = tenant
        wait = self.quotas.refusal_seconds(tenant)
        room = f"{tenant} {call.entities}"
        if wait is not None:
            return await self._send(request, self._limited(throttled(wait), call, room))
        if not self.gate.enter(room):
            return await self._send(request, self._limited(crowded(call, self.world.options), call, room))
        try:
            answer, harm = await self._serve(call, route) if route is not None else (_nowhere(request), None)
            return await self._send(request, self._limited(answer, call, room), harm, gzipped=call.accepts_gzip)
        finally:
            self.gate.leave(room)

    async def _send(
        self, request: web.Request, answer: Answer, harm: Harm | None = None, *, gzipped: bool = False
    ) -> web.StreamResponse:
        broken = harm if harm in (Harm.CLOSED, Harm.RESET, Harm.TORN) else None
        self.counts.statuses[broken.value if broken else str(answer.status)] += 1
        return await deliver(request, answer, harm, gzipped=gzipped)

    def _limited(self, answer: Answer, call: Request, room: str) -> Answer:
        """The answer with the headers that show the limits; they are of this moment, never saved."""
        headers = {**answer.headers, **self.gate.headers(room), **self.quotas.headers(call.tenant)}
        return Answer(answer.status, answer.body, answer.content_type, headers)

    async def _serve(self, call: Request, route: Route) -> Result:
        """Count the arrival, draw its fault, and have the work done as the fault allows."""
        if (wrong := _track_problem(call)) is not None:
            return failure(call, wrong, self.world.options, 400), None
        if call.path.startswith(self.world.options.denied_paths or ("\0",)):
            return self._denied(call), None
        self.effects.arrive(call)
        self.world.store.commit()
        if not route.idempotent:
            call.key = None
        call.fault = self._fault(call)
        if call.fault is None:
            return await self._work(call, route), None
        self.counts.faults[call.fault.name] += 1
        return await self._serve_badly(call, route, call.fault)

    def _denied(self, call: Request) -> Answer:
        """The user lacks the permission for this operation; Data Query answers in its own shape."""
        if call.path.startswith("/query/"):
            return Answer(403, encode({"code": 403, "message": "Access denied"}), headers=stamped(call))
        message = "You do not have permission to perform this operation"
        return failure(call, Problem(REQUEST, PERMISSION, message), self.world.options)

    async def _serve_badly(self, call: Request, route: Route, fault: Fault) -> Result:
        options = self.world.options
        if fault.work is Work.NONE:
            return instead(fault, call, options), fault.harm
        if fault.work is Work.REFUSED:
            return self._refuse_for_good(call, fault), None
        if fault.work is Work.GOES_ON:
            self._go_on(call, route)
            return instead(fault, call, options), fault.harm
        answer = await self._work(call, route, options.slow_seconds if fault.harm is Harm.SLOW else 0.0)
        return harmed(answer, fault, call, options), fault.harm

    def _refuse_for_good(self, call: Request, fault: Fault) -> Answer:
        """A refusal that is saved under the key, as the guide has it of every answer: each repeat gets it again."""
        known = self.keys.answer(call)
        if known is not None:
            return known
        self.keys.begin(call)
        answer = instead(fault, call, self.world.options)
        self.keys.save(call, answer)
        self.world.store.commit()
        return answer

    def _fault(self, call: Request) -> Fault | None:
        options = self.world.options
        if call.arrival > options.fault_arrivals or not call.path.startswith(options.fault_paths):
            return None
        for text, name in options.fault_rules.items():
            if text in call.text:
                return FAULTS[name]
        return pick(options.faults, options.seed, call.digest, call.arrival) if options.faults else None

    async def _work(self, call: Request, route: Route, more_seconds: float = 0.0) -> Answer:
        """The saved answer, or the work and its answer, which is saved."""
        known = self.keys.answer(call)
        if known is not None:
            return known
        self.keys.begin(call)
        return await self._finish(call, route, self._latency(call) + more_seconds)

    def _go_on(self, call: Request, route: Route) -> None:
        """The work begins now and ends later, whoever hears of it."""
        if self.keys.answer(call) is not None:
            return
        self.keys.begin(call)
        seconds = self._latency(call) + self.world.options.work_seconds
        task = asyncio.get_running_loop().create_task(self._finish(call, route, seconds))
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)

    async def _finish(self, call: Request, route: Route, seconds: float) -> Answer:
        try:
            if seconds:
                await self.world.clock.sleep(seconds)
            answer = route(call)
        except BaseException:
            self.keys.give_up(call)
            raise
        self.keys.save(call, answer)
        self.world.store.commit()
        return answer

    def _latency(self, call: Request) -> float:
        options = self.world.options
        jitter = options.latency_jitter
        return options.latency + (jitter * draw(options.seed, "latency", call.digest, call.arrival) if jitter else 0.0)

    async def _close(self, _: web.Application) -> None:
        for task in self._going_on:
            task.cancel()
        await asyncio.gather(*self._going_on, return_exceptions=True)
        self.records.close()
        self.world.store.close()


def _nowhere(request: web.Request) -> Answer:
    """404 for a path and 405 for a method that no operation has, without an envelope."""
    if is_known(request):
        return Answer(405, b"Method Not Allowed", "text/plain")
    return Answer(404, b"Not Found", "text/plain")


def _check_outage(kind: str | None) -> None:
    if kind not in (None, *OUTAGE_KINDS):
        raise ValueError(f"outage kind {kind!r} is unknown; there are: {', '.join(OUTAGE_KINDS)}")


def _track_problem(call: Request) -> Problem | None:
    """Zuora-Track-Id: at most 64 characters of US-ASCII, none of `: ; " '`."""
    track = call.track
    if track is None or (len(track) <= 64 and track.isascii() and not set(track) & set(":;\"'")):
        return None
    return Problem(REQUEST, INVALID_VALUE, "Invalid value for header Zuora-Track-Id")
