"""The regenerate operations: what they answer when all goes well, and what they leave behind."""

from __future__ import annotations

from runner.simulator.business_faults import Hindrance
from runner.simulator.context import World
from runner.simulator.effects import Effects
from runner.simulator.request import Request
from runner.simulator.responses import BILLING, BOOKING, REVENUE_EVENTS, Answer, Problem, failure, success
from runner.simulator.seeded_random import draw, hex_ids
from runner.simulator.validation import Complaint, billing_problem, booking_problem, consumption_problem, events_problem


class Regenerate:
    """Regenerates nothing, and remembers that it did."""

    def __init__(self, world: World, effects: Effects, hindrance: Hindrance) -> None:
        self._world = world
        self._effects = effects
        self._hindrance = hindrance

    def booking(self, request: Request) -> Answer:
        """POST /v1/uno-regenerate/booking-transaction: "Regenerate booking transactions"."""
        return self._with_ids(request, BOOKING, booking_problem(request.json, request.query))

    def billing(self, request: Request) -> Answer:
        """POST /v1/uno-regenerate/billing-transaction: "Regenerate billing transactions"."""
        complaint = billing_problem(request.json, request.query, self._world.options.billing_id_field)
        return self._with_ids(request, BILLING, complaint)

    def events(self, request: Request) -> Answer:
        """POST /v1/uno-regenerate/rev-rec-events, by delivery schedule."""
        return self._without_ids(request, events_problem(request.query))

    def consumption(self, request: Request) -> Answer:
        """POST /v1/uno-regenerate/rev-rec-events/daily-consumption."""
        return self._without_ids(request, consumption_problem(request.json, request.query))

    def _with_ids(self, request: Request, resource: int, complaint: Complaint) -> Answer:
        problem = self._problem(request, resource, complaint)
        if problem is not None:
            return failure(request, problem, self._world.options)
        ids = self._ids(request.digest)
        self._effects.record(request, ids)
        return success(request, idList=ids)

    def _without_ids(self, request: Request, complaint: Complaint) -> Answer:
        problem = self._problem(request, REVENUE_EVENTS, complaint)
        if problem is not None:
            return failure(request, problem, self._world.options)
        self._effects.record(request, [])
        return success(request)

    def _problem(self, request: Request, resource: int, complaint: Complaint) -> Problem | None:
        if complaint is not None:
            return Problem(resource, *complaint)
        return self._hindrance.of(request, resource)

    def _ids(self, digest: str) -> list[str]:
        """One to three ids, the same whenever the same is requested; none for the share `empty_id_list`."""
        options = self._world.options
        if options.empty_id_list and draw(options.seed, "empty", digest) < options.empty_id_list:
            return []
        return hex_ids(options.seed, 1 + int(digest[:8], 16) % 3, "idList", digest)
