"""The regenerate operations: what they answer when all goes well, and what they leave behind."""

from __future__ import annotations

from dataclasses import dataclass

from runner.simulator.business_faults import Hindrance
from runner.simulator.context import World
from runner.simulator.effects import Effects
from runner.simulator.request import Request
from runner.simulator.responses import BILLING, BOOKING, REVENUE_EVENTS, Answer, Problem, failure, success
from runner.simulator.seeded_random import draw, hex_ids
from runner.simulator.tenant.leavings import TRANSACTION_TABLES
from runner.simulator.tenant.records import Records
from runner.simulator.validation import Validate, billing_problem, booking_problem, consumption_problem, events_problem


@dataclass(frozen=True, slots=True)
class Regeneration:
    """One regenerate call: the number of its resource in error codes, what it accepts, whether it answers with ids."""

    resource: int
    validate: Validate
    with_ids: bool = True


# By path. Another call is another line: `validation.objects_problem` makes what a body with `type` must hold.
REGENERATIONS: dict[str, Regeneration] = {
    "/v1/uno-regenerate/booking-transaction": Regeneration(BOOKING, booking_problem),
    "/v1/uno-regenerate/billing-transaction": Regeneration(BILLING, billing_problem),
    "/v1/uno-regenerate/rev-rec-events": Regeneration(REVENUE_EVENTS, events_problem, with_ids=False),
    "/v1/uno-regenerate/rev-rec-events/daily-consumption": Regeneration(
        REVENUE_EVENTS, consumption_problem, with_ids=False
    ),
}


class Regenerate:
    """Regenerates nothing, and remembers that it did."""

    def __init__(self, world: World, effects: Effects, hindrance: Hindrance, records: Records) -> None:
        self._world = world
        self._records = records
        self._effects = effects
        self._hindrance = hindrance

    def __call__(self, request: Request) -> Answer:
        """POST to one of `REGENERATIONS`."""
        call = REGENERATIONS[request.path]
        problem = self._problem(request, call)
        if problem is not None:
            return failure(request, problem, self._world.options)
        ids = self._ids(request) if call.with_ids else []
        self._effects.record(request, ids)
        return success(request, idList=ids) if call.with_ids else success(request)

    def _problem(self, request: Request, call: Regeneration) -> Problem | None:
        complaint = call.validate(request.json, request.query, self._world.options)
        if complaint is not None:
            return Problem(call.resource, *complaint)
        return self._hindrance.of(request, call.resource)

    def _ids(self, request: Request) -> list[str]:
        """The ids of the object's transactions; none for the share `empty_id_list`.

        What leaves no transactions has one to three ids, the same whenever the same is requested.
        """
        options = self._world.options
        if options.empty_id_list and draw(options.seed, "empty", request.digest) < options.empty_id_list:
            return []
        if request.path in TRANSACTION_TABLES:
            return self._records.transaction_ids(request.path, request.json)
        return hex_ids(options.seed, 1 + int(request.digest[:8], 16) % 3, "idList", request.digest)
