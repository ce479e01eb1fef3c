"""Idempotency keys, exactly as the guide "Idempotent requests" describes them.

The status, headers and body of the first request with a key are saved whether it succeeded or failed, and come
back for 24 hours. 409 while a request with the key is in progress; 422 if the key was used for something else.
One guide says that a saved result, too, comes back as 409 with the result in the body: `replay_dialect`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from runner.simulator.context import World
from runner.simulator.request import Request
from runner.simulator.responses import INVALID_VALUE, LOCKED, REQUEST, RULE, Answer, Problem, failure
from runner.simulator.seeded_random import draw

LONGEST = 255
LIFETIME_SECONDS = 24 * 3600.0


@dataclass(slots=True)
class Saved:
    """The result of the first request with a key; `set_at` is when that request came."""

    tenant: str
    digest: str
    set_at: float
    status: int = 0
    body: str = ""
    content_type: str = ""
    headers: dict[str, str] | None = None  # None while the request is in progress


class Keys:
    """All keys that were used in the last 24 hours."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._saved = {name: Saved(**value) for name, value in world.store.values("key")}

    def __len__(self) -> int:
        return len(self._saved)

    def answer(self, request: Request) -> Answer | None:
        """The answer that the request's key determines; None if the work is to be done."""
        key = request.key
        if key is None or request.method not in ("POST", "PATCH"):
            return None
        if len(key) > LONGEST or not key:
            problem = Problem(REQUEST, INVALID_VALUE, f"Idempotency-Key must have 1 to {LONGEST} characters")
            return failure(request, problem, self._world.options, 400)
        saved = self._alive(key)
        return None if saved is None else self._repeat(request, saved)

    def begin(self, request: Request) -> None:
        """The work of a request begins; its key is in progress from here on."""
        if request.key is not None:
            self._saved[request.key] = Saved(request.tenant, request.digest, self._world.now())

    def save(self, request: Request, answer: Answer) -> None:
        """The work is over, well or badly: keep its result."""
        if request.key is None:
            return
        saved = self._saved[request.key]
        saved.status, saved.body, saved.content_type = answer.status, answer.body.decode(), answer.content_type
        saved.headers = dict(answer.headers)
        if self._world.options.state is not None:
            self._world.store.put("key", request.key, asdict(saved))

    def give_up(self, request: Request) -> None:
        """The work was never done: the key is as if it had not been used."""
        if request.key is not None:
            self._saved.pop(request.key, None)

    def forget(self) -> None:
        """Drop all keys but those in progress: their work will end, and be saved."""
        self._saved = {key: saved for key, saved in self._saved.items() if saved.headers is None}

    def _alive(self, key: str) -> Saved | None:
        saved = self._saved.get(key)
        if saved is None or saved.headers is None or self._world.now() - saved.set_at < LIFETIME_SECONDS:
            return saved
        del self._saved[key]
        self._world.store.drop("key", key)
        return None

    def _repeat(self, request: Request, saved: Saved) -> Answer:
        options = self._world.options
        if (saved.tenant, saved.digest) != (request.tenant, request.digest):
            message = "Idempotency-Key was used before with another tenant, URL, method or body"
            return failure(request, Problem(REQUEST, RULE, message), options, 422)
        if saved.headers is None:
            message = "A request with the same Idempotency-Key is in progress"
            return failure(request, Problem(REQUEST, LOCKED, message), options, 409)
        return Answer(self._status(request, saved), saved.body.encode(), saved.content_type, dict(saved.headers))

    def _status(self, request: Request, saved: Saved) -> int:
        options = self._world.options
        dialect = options.replay_dialect
        if dialect == "mixed":
            dialect = "409" if draw(options.seed, "replay", request.digest) < 0.5 else "same"
        return 409 if dialect == "409" else saved.status
