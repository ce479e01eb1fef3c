"""Which operation answers to which method and path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from runner.simulator.request import Request
from runner.simulator.responses import Answer


@dataclass(frozen=True, slots=True)
class Route:
    """One operation; `idempotent` if the reference lists Idempotency-Key among its headers."""

    operation: Callable[..., Answer]
    idempotent: bool = False
    arguments: tuple[str, ...] = ()

    def __call__(self, request: Request) -> Answer:
        return self.operation(request, *self.arguments)


class Routes:
    """All operations. In a path, `{}` stands for one segment, which the operation gets as an argument."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str], Route] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Route]] = []

    def add(self, method: str, path: str, operation: Callable[..., Answer], *, idempotent: bool = False) -> None:
        """Let the operation answer."""
        route = Route(operation, idempotent)
        if "{}" in path:
            self._patterns.append((method, re.compile(re.escape(path).replace(r"\{\}", "([^/]+)")), route))
        else:
            self._exact[method, path] = route

    def find(self, method: str, path: str) -> Route | None:
        """The operation, with its arguments; None if there is none."""
        route = self._exact.get((method, path))
        if route is not None:
            return route
        for its_method, pattern, route in self._patterns:
            if its_method == method and (match := pattern.fullmatch(path)):
                return Route(route.operation, route.idempotent, match.groups())
        return None

    def knows(self, path: str) -> bool:
        """Whether the path answers to some method."""
        exact = any(path == known for _, known in self._exact)
        return exact or any(pattern.fullmatch(path) for _, pattern, _ in self._patterns)
