"""All operations that the simulator imitates, by method and path."""

from __future__ import annotations

from .counts import Counts
from .effects import Effects
from .hindrance import Hindrance
from .regenerate import Regenerate
from .routes import Routes
from .world import World


def routes_of(world: World, effects: Effects, hindrance: Hindrance, counts: Counts) -> Routes:
    """The operations over one world."""
    routes = Routes()
    _add_regenerate(routes, Regenerate(world, effects, hindrance))
    return routes


def _add_regenerate(routes: Routes, regenerate: Regenerate) -> None:
    begin = "/v1/uno-regenerate"
    routes.add("POST", f"{begin}/booking-transaction", regenerate.booking, idempotent=True)
    routes.add("POST", f"{begin}/billing-transaction", regenerate.billing, idempotent=True)
    routes.add("POST", f"{begin}/rev-rec-events", regenerate.events, idempotent=True)
    routes.add("POST", f"{begin}/rev-rec-events/daily-consumption", regenerate.consumption, idempotent=True)
