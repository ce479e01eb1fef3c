"""Why the API refuses work that was requested in due form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runner.simulator.context import World
from runner.simulator.effects import Effects, Entry
from runner.simulator.faults import PERMANENT, Work
from runner.simulator.request import Request
from runner.simulator.responses import NOT_FOUND, Problem
from runner.simulator.seeded_random import draw

_MESSAGES = {
    10: "No permission for this object",
    30: "This object cannot be regenerated in its present state",
    40: "Object not found",
    50: "Operation failed due to lock competition, please retry later",
    60: "Internal error",
    61: "Temporary error, please retry later",
    70: "Concurrent request limit exceeded, please retry later",
    99: "Integration with an external system failed",
}


class Hindrance:
    """Objects that are not there or not allowed, and failures that pass with the next key."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world = world
        self._effects = effects

    def of(self, request: Request, resource: int) -> Problem | None:
        """The reason why the work is not done, or None."""
        category = self._permanent(request) or self._passing(request)
        return Problem(resource, category, _MESSAGES[category]) if category else None

    def _permanent(self, request: Request) -> int:
        options = self._world.options
        if options.missing_prefix and self._is_missing(request, options.missing_prefix):
            return NOT_FOUND
        for name, category in PERMANENT.items():
            rate = options.faults.get(name, 0.0)
            if rate and draw(options.seed, name, request.digest) < rate:
                return category
        return 0

    @staticmethod
    def _is_missing(request: Request, prefix: str) -> bool:
        return any(isinstance(value, str) and value.startswith(prefix) for value in _identifiers(request))

    def _passing(self, request: Request) -> int:
        entry = self._effects.entry(request)
        if request.fault is not None and request.fault.work is Work.FAILS and not entry.failures_due:
            options = self._world.options
            share = draw(options.seed, "depth", request.digest)
            entry.failures_due = 1 + int(share * max(1, options.failure_depth))
            entry.failure_category = request.fault.category
        return self._fail(request, entry) if entry.failures < entry.failures_due else 0

    def _fail(self, request: Request, entry: Entry) -> int:
        entry.failures += 1
        self._effects.keep(request, entry)
        return entry.failure_category


def _identifiers(request: Request) -> Iterable[Any]:
    """All values that may name the object."""
    if isinstance(request.json, dict):
        return request.json.values()
    return request.query.values()
