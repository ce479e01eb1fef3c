"""An event loop whose time jumps to the next timer, and a tenant in memory that keeps keys as Zuora documents it."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, Protocol

from runner.dispatch.dispatcher import Dispatch
from runner.dispatch.retry_policy import Patience
from runner.dispatch.run_limits import Tally, Terms
from runner.dispatch.throttle import Pace
from runner.domain.identity import Destination, Identities, canonical, key
from runner.domain.model import Answer, History, Judgement, Reply, Request, Silence
from runner.domain.run_status import RunStatus
from runner.ledger import Enrolment, Facts, Journal, Manifest, Pen, Store, open_writable
from runner.ledger.enrolment import Line, RequestRecord
from runner.session.session import reopen_unknown
from runner.system.clock import Clock
from runner.zuora.operations import BOOKING
from runner.zuora.verdict import verdict

EPOCH = 1_800_000_000.0
REQUEST_SECONDS = 120.0


class VirtualLoop(asyncio.SelectorEventLoop):
    """Never waits: when nothing is ready, its clock jumps to the next timer.

    `grace_seconds` is how long the kernel may take to carry a byte from one socket of this process to another.
    """

    def __init__(self, grace_seconds: float = 0.0) -> None:
        self.now = 0.0
        super().__init__()
        select = self._selector.select

        def jump(timeout: float | None) -> Any:
            events = select(0 if timeout == 0 else grace_seconds)
            if not events:
                if timeout is None:
                    raise RuntimeError("deadlock: nothing is ready and nothing is due")
                self.now += max(timeout, 1e-6)  # a real clock moves on between two looks at it
            return events

        self._selector.select = jump

    def time(self) -> float:
        return self.now


def run_virtually(main: Callable[[], Coroutine[Any, Any, Any]], *, grace_seconds: float = 0.0) -> Any:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(grace_seconds)) as runner:
        return runner.run(main())


class Inline(Executor):
    """An executor that runs at once, so that virtual time does not outrun a thread."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)
        return future


class Sender(Protocol):
    """Whatever sends one attempt."""

    async def send(self, request: Request, generation: int, attempt: int) -> Answer: ...


class Tenant:
    """Keeps results under keys, counts effects; `script` says what happens to each arrival of a request.

    Actions: `ok`; `silent` (works 10 s more, the connection dies at once); `lost` (work done, answer lost); `drop`
    (never arrived); `503`, `429`, `70` (answered in front of the API: the key is not looked at); `temporary` (a saved
    failure); `gone` (a saved permanent failure).
    """

    def __init__(self, script: Callable[[int, int], str] = lambda number, arrival: "ok", dialect: str = "same") -> None:
        self.script, self.dialect = script, dialect
        self.keys: dict[str, tuple[float, Reply]] = {}
        self.effects: dict[int, list[str]] = defaultdict(list)
        self.arrivals: dict[int, list[str]] = defaultdict(list)
        self.times: list[float] = []
        self.active: set[int] = set()
        self.peak = 0
        self.serial = 0
        self.lanes: set[int] = set()

    async def send(self, request: Request, generation: int, attempt: int) -> Reply | Silence:
        name = key(request.digest, generation)
        assert request.lane not in self.lanes, "two requests of one lane under way together"
        self.lanes.add(request.lane)
        self.active.add(request.number)
        self.peak = max(self.peak, len(self.active))
        self.arrivals[request.number].append(name)
        self.times.append(now())
        try:
            return await self._answer(request, name, self.script(request.number, len(self.arrivals[request.number])))
        finally:
            self.active.discard(request.number)
            self.lanes.discard(request.lane)

    async def _answer(self, request: Request, name: str, action: str) -> Reply | Silence:
        await asyncio.sleep(0.05)
        if action == "drop":
            return Silence("reset")
        if action in ("503", "429"):
            return Reply(int(action), b"<html>", request_id=self._id())
        if action == "70":
            return self._envelope(200, 53100370)
        known = self.keys.get(name)
        if known is not None:
            return self._known(*known)
        if action == "silent":
            self._work(request, name, 10.0)
            return Silence("time-out")
        reply = self._work(request, name, 0.0, {"temporary": 53100360, "gone": 53100340}.get(action))
        return Silence("broken-body") if action == "lost" else reply

    def _known(self, ready: float, reply: Reply) -> Reply:
        if now() < ready:
            return Reply(409, b"", request_id=self._id())
        if self.dialect == "409":
            return Reply(409, reply.body, request_id=reply.request_id)
        return reply

    def _work(self, request: Request, name: str, seconds: float, failure: int | None = None) -> Reply:
        if failure is None:
            self.effects[request.number].append(name)
            body = json.dumps({"success": True, "idList": [f"id-{request.number}"]}).encode()
            reply = Reply(200, body, request_id=self._id())
        else:
            reply = self._envelope(200, failure)
        self.keys[name] = (now() + seconds, reply)
        return reply

    def _envelope(self, status: int, code: int) -> Reply:
        body = {"success": False, "requestId": self._id(), "reasons": [{"code": code, "message": "no"}]}
        return Reply(status, json.dumps(body).encode())

    def _id(self) -> str:
        self.serial += 1
        return f"reply-{self.serial}"


def now() -> float:
    """The wall clock of virtual time."""
    return EPOCH + asyncio.get_running_loop().time()


def enrolled(path: Path, requests: int, lanes: Callable[[int], str] = str) -> Path:
    """A ledger with so many requests, one a line."""
    identities = Identities(Destination("run", "host"), BOOKING.path, {})
    with Enrolment(path) as enrolment:
        enrolment.step(1, "regenerate", {})
        for number in range(1, requests + 1):
            body = canonical({"type": "Subscription", "subscriptionId": str(number)})
            digest = identities.digest(body)
            label = f"object {number}"
            enrolment.lines(
                [Line(number, 1, number, f'["{number}"]', BOOKING.name, "Subscription", label, number, None)]
            )
            lane = hash(lanes(number)) >> 1
            enrolment.requests([RequestRecord(number, 1, BOOKING.name, "", body.decode(), digest, lane)])
        enrolment.manifest(Manifest(1, 1, "m.csv", "0" * 64, 1, ("id",)), requests)
        enrolment.finish(Facts(run_id="run", fingerprint="f", tenant="t", formats=("csv",), status=RunStatus.PLANNED))
    return path


class VirtualClock(Clock):
    """Virtual time, and a wall clock that a test may shift."""

    def __init__(self, wall: Callable[[], float] = now) -> None:
        self._wall = wall

    def now(self) -> float:
        return self._wall()


class Judged:
    """Sends to a tenant in memory; answers are judged as those of an operation without jobs."""

    def __init__(self, tenant: Sender) -> None:
        self.send = tenant.send

    def judge(self, answer: Answer, request: Request, history: History, now: float) -> Judgement:
        return verdict(answer, history, BOOKING, now=now, progress_seconds=2 * REQUEST_SECONDS)


async def dispatched(store: Store, tenant: Sender, **options: Any) -> tuple[Any, Tally, Dispatch]:
    """Dispatch what a ledger has left against a tenant; the ending and what was done."""
    journal = Journal(store)
    pen = Pen(journal, options.pop("thread", None) or Inline())
    tally = Tally()
    dispatch = Dispatch(
        pen=pen,
        journal=journal,
        step=1,
        sender=Judged(tenant),
        pace=Pace(
            concurrency=options.pop("concurrency", 4),
            rate=options.pop("rate", None),
            quota=options.pop("quota", None),
            clock=VirtualClock(),
        ),
        patience=options.pop("patience", Patience()),
        terms=options.pop("terms", Terms()),
        tally=tally,
        canary=options.pop("canary", frozenset()),
        clock=VirtualClock(options.pop("now", now)),
        chance=options.pop("chance", lambda: 0.5),
        note=options.pop("note", lambda name, facts: None),
    )
    when = options.pop("when", None)
    if when is not None:
        when(dispatch)
    assert not options, options
    try:
        return await dispatch.run(), tally, dispatch
    finally:
        await pen.close()


def states(store: Store) -> dict[int, str]:
    """The state of every request."""
    return dict(store.rows("SELECT request, state FROM request ORDER BY request"))


def settle(path: Path, tenant: Tenant, **options: Any) -> tuple[Any, dict[int, str]]:
    """One invocation over a ledger: its ending and the states after it."""
    with open_writable(path) as store:
        reopen_unknown(Journal(store), 1, resend=False, now=EPOCH)
        ending, _, _ = run_virtually(lambda: dispatched(store, tenant, **options))
        return ending, states(store)
