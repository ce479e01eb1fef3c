"""The regenerate operations: what they answer when all goes well, and what they leave behind."""

from __future__ import annotations

from runner.simulator.business_faults import Hindrance
from runner.simulator.context import World
from runner.simulator.effects import Effects
from runner.simulator.request import Asked
from runner.simulator.responses import BILLING, BOOKING, REVENUE_EVENTS, Answer, Problem, failure, success
from runner.simulator.seeded_random import draw, hex_ids
from runner.simulator.validation import Complaint, billing_problem, booking_problem, consumption_problem, events_problem


class Regenerate:
    """Regenerates nothing, and remembers that it did."""

    def __init__(self, world: World, effects: Effects, hindrance: Hindrance) -> None:
        self._world = world
        self._effects = effects
        self._hindrance = hindrance

    def booking(self, asked: Asked) -> Answer:
        """POST /v1/uno-regenerate/booking-transaction: "Regenerate booking transactions"."""
        return self._with_ids(asked, BOOKING, booking_problem(asked.json, asked.query))

    def billing(self, asked: Asked) -> Answer:
        """POST /v1/uno-regenerate/billing-transaction: "Regenerate billing transactions"."""
        complaint = billing_problem(asked.json, asked.query, self._world.options.billing_id_field)
        return self._with_ids(asked, BILLING, complaint)

    def events(self, asked: Asked) -> Answer:
        """POST /v1/uno-regenerate/rev-rec-events, by delivery schedule."""
        return self._without_ids(asked, events_problem(asked.query))

    def consumption(self, asked: Asked) -> Answer:
        """POST /v1/uno-regenerate/rev-rec-events/daily-consumption."""
        return self._without_ids(asked, consumption_problem(asked.json, asked.query))

    def _with_ids(self, asked: Asked, resource: int, complaint: Complaint) -> Answer:
        problem = self._problem(asked, resource, complaint)
        if problem is not None:
            return failure(asked, problem, self._world.options)
        ids = self._ids(asked.digest)
        self._effects.record(asked, ids)
        return success(asked, idList=ids)

    def _without_ids(self, asked: Asked, complaint: Complaint) -> Answer:
        problem = self._problem(asked, REVENUE_EVENTS, complaint)
        if problem is not None:
            return failure(asked, problem, self._world.options)
        self._effects.record(asked, [])
        return success(asked)

    def _problem(self, asked: Asked, resource: int, complaint: Complaint) -> Problem | None:
        if complaint is not None:
            return Problem(resource, *complaint)
        return self._hindrance.of(asked, resource)

    def _ids(self, digest: str) -> list[str]:
        """One to three ids, the same whenever the same is asked; none for the share `empty_id_list`."""
        options = self._world.options
        if options.empty_id_list and draw(options.seed, "empty", digest) < options.empty_id_list:
            return []
        return hex_ids(options.seed, 1 + int(digest[:8], 16) % 3, "idList", digest)
