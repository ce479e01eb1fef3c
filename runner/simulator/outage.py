"""Times when nobody is served."""

from __future__ import annotations

import math

from runner.simulator.context import World


class Outage:
    """An outage from one request to another (option `outage`), or as it was ordered while running."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.forget()

    def forget(self) -> None:
        """End what was ordered."""
        self._until_second = 0.0
        self._requests_left = 0
        self._kind: str | None = None

    def order(self, *, seconds: float = 0.0, requests: int = 0, kind: str | None = None) -> None:
        """From now on, for so many seconds or requests; both 0 end it."""
        self._until_second = self._world.now() + seconds
        self._requests_left = requests
        self._kind = kind

    def switch(self, kind: str | None) -> None:
        """On until it is switched off; None switches it off."""
        self.order(seconds=math.inf if kind else 0.0, kind=kind)

    def strikes(self, ordinal: int) -> str | None:
        """The kind of outage that the request meets, or None."""
        if not (self._ordered() or self._planned(ordinal)):
            return None
        return self._kind or self._world.options.outage_kind

    def _ordered(self) -> bool:
        if self._requests_left > 0:
            self._requests_left -= 1
            return True
        return self._until_second > 0 and self._world.now() < self._until_second

    def _planned(self, ordinal: int) -> bool:
        planned = self._world.options.outage
        return planned is not None and planned[0] <= ordinal <= planned[1]
